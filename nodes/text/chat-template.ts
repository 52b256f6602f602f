import * as z from "zod";
import { ignoredLabel } from "#models/blocks/loss";
import { type ChatOptions, type Message, renderChat, renderSpoken } from "#models/files/tokenizers/chat-template";
import { type OpenTokenizer, openTokenizer } from "#models/files/tokenizers/open";
import { tokensWithin } from "#models/files/tokenizers/spoken";
import { tokenOf } from "#models/files/tokenizers/token";
import { defineNode } from "../core/node";
import { longestOf, packTokens, paddingOf } from "../core/packing";
import { port } from "../core/ports";
import type { Tokenizer } from "../core/values";
import { counted } from "../core/wording";

/** When a parameter means something, by another. */
const questions = { rows: ["question"] };

export const chatTemplate = defineNode({
  type: "text.chat-template",
  title: "Chat template",
  description: "Conversations as a model's chat template writes them: the text, its tokens, and what to learn of them.",
  synonyms: ["apply_chat_template", "messages", "ChatML", "system prompt"],
  docs: `Each row is a question, with an *answer* where one is wired; or, as *messages*, a whole conversation as JSON:
\`[{"role": "user", "content": "…"}, …]\` (LLaVA's \`from\` and \`value\` are read too). The template is the
tokenizer's own (\`chat_template.jinja\`, or in \`tokenizer_config.json\`), unless one is written here.

*Ask* ends with what lets the model answer, *closed* with the last message, *continue* in the middle of it, so that the
model goes on.

\`ids\` and \`mask\` are int64 [N, length]. \`labels\` int64 [N, length] are the ids of what the assistant says, −100
elsewhere: what a language model's loss learns from. Which tokens these are the template marks with
\`{% generation %}\`; where it does not, they are what each message of the assistant adds to those before. A template
that writes earlier messages anew, once others follow, cannot be trained with: that is told. Rows longer than *length*
are cut at the right when they are closed, else at the left.

A template may take 200,000 steps and write 16 MiB; it reaches nothing but the conversation and the *variables*.`,
  version: 1,
  inputs: {
    text: port.text({ shape: ["N"] }),
    answer: port.text({ shape: ["N"], optional: true, doc: "What the assistant says to each question." }),
    tokenizer: port.tokenizer(),
  },
  outputs: {
    text: port.text({ shape: ["N"] }),
    ids: port.tensor({ dtype: "int64", shape: ["N", "$length"] }),
    mask: port.tensor({ dtype: "int64", shape: ["N", "$length"] }),
    labels: port.tensor({ dtype: "int64", shape: ["N", "$length"] }),
  },
  bypass: { text: "text" },
  params: {
    rows: z.enum(["question", "messages"]).default("question").meta({
      description: "Each row is what the user says, or a conversation as JSON.",
    }),
    system: z.string().max(100_000).default("").meta({ label: "System message", widget: "textarea", when: questions }),
    ending: z.enum(["ask", "closed", "continue"]).default("ask").meta({ description: "What the text ends with." }),
    length: z.int().min(1).max(131_072).default(512).meta({ unit: "tokens" }),
    padding: z.enum(["length", "longest"]).default("longest").meta({ label: "Pad to" }),
    side: z.enum(["right", "left"]).default("left").meta({
      label: "Padding side",
      description: "Left for generation; training takes either.",
      advanced: true,
    }),
    template: z.string().max(1_000_000).default("").meta({
      widget: "textarea",
      description: "Jinja; empty: the tokenizer's own.",
      advanced: true,
    }),
    variables: z.string().max(100_000).default("").meta({
      widget: "textarea",
      description: "JSON of what the template reads besides, such as tools.",
      placeholder: '{"enable_thinking": false}',
      advanced: true,
    }),
    date: z
      .string()
      .regex(/^(\d{4}-\d{2}-\d{2})?$/, "a date is written 2026-01-31")
      .default("")
      .meta({ description: "The day that templates are told which ask for it.", advanced: true }),
  },
  check({ variables, rows, system }) {
    const hint = "Write an object, such as {}.";
    if (variables && !objectIn(variables)) return { param: "variables", message: "The variables are no JSON.", hint };
    if (rows === "messages" && system)
      return { param: "system", message: "Messages hold their system message themselves.", hint: "Empty this field." };
    return undefined;
  },
  ports({ padding }) {
    if (padding === "length") return {};
    const open = port.tensor({ dtype: "int64", shape: ["N", "T"] });
    return { outputs: { ids: open, mask: open, labels: open }, perBatch: true };
  },
  rowwise: true,
  async run({ host, inputs, params }) {
    if (params.rows === "messages" && inputs.answer)
      throw Object.assign(new Error("Messages hold their answers themselves, and an answer is wired."), {
        hint: "Take the wire away, or choose questions.",
      });
    const tokenizer = openTokenizer(inputs.tokenizer);
    const template = params.template || templateOf(inputs.tokenizer);
    const options: ChatOptions = {
      ending: params.ending,
      variables: { ...specialTokens(inputs.tokenizer), ...objectIn(params.variables) },
      ...(params.date ? { date: new Date(params.date) } : {}),
    };
    const rows = inputs.text.map((text, row) => {
      const messages = params.rows === "messages" ? messagesIn(text, row) : asked(text, inputs.answer?.[row], params);
      return writtenRow(tokenizer, template, messages, options);
    });
    const unknown = rows.filter(({ isKnown }) => !isKnown).length;
    if (unknown) host.warn(unknownOf(unknown, rows.length));
    const cut = rows.filter(({ ids }) => ids.length > params.length).length;
    if (cut) host.warn(`${counted(cut, "row is", "rows are")} longer than ${params.length} tokens and cut.`);
    const kept = rows.map((row) => cutTo(row, params.length, params.ending !== "closed"));
    const length =
      params.padding === "longest"
        ? longestOf(
            kept.map(({ ids }) => ids),
            host,
          )
        : params.length;
    const padding = paddingOf(tokenizer);
    return {
      text: rows.map(({ text }) => text),
      ...packTokens(kept, { length, padding, left: params.side === "left" }),
    };
  },
});

interface Row {
  text: string;
  ids: number[];
  labels: number[];
  /** Whether it is known which tokens the assistant says. */
  isKnown: boolean;
}

function writtenRow(tokenizer: OpenTokenizer, template: string, messages: Message[], options: ChatOptions): Row {
  const isSpoken = messages.some(({ role }) => role === "assistant");
  const chat = isSpoken ? renderSpoken(template, messages, options) : { text: renderChat(template, messages, options) };
  const { ids, within } = tokensWithin(tokenizer, chat.text, chat.spoken ?? []);
  const labels = ids.map((id, i) => (within[i] ? id : ignoredLabel));
  return { text: chat.text, ids, labels, isKnown: !isSpoken || chat.spoken !== undefined };
}

const unknownOf = (unknown: number, all: number): string =>
  `In ${unknown} of ${all} rows it cannot be told which tokens the assistant says: the template writes earlier ` +
  "messages anew once others follow. Their labels teach nothing; use a template with {% generation %}.";

function cutTo(row: Row, length: number, atLeft: boolean): Row {
  const kept = (values: number[]) => (atLeft ? values.slice(-length) : values.slice(0, length));
  return { ...row, ids: kept(row.ids), labels: kept(row.labels) };
}

function asked(question: string, answer: string | undefined, { system }: { system: string }): Message[] {
  return [
    ...(system ? [{ role: "system", content: system }] : []),
    { role: "user", content: question },
    ...(answer === undefined ? [] : [{ role: "assistant", content: answer }]),
  ];
}

const contentParts = z.array(z.looseObject({ type: z.string() }));
const conversation = z.array(
  z.union([
    z.looseObject({
      role: z.string(),
      content: z.union([z.string(), z.null(), contentParts]),
    }),
    z.object({ from: z.string(), value: z.string() }),
  ]),
);
const rolesOfLlava: Record<string, string> = { human: "user", gpt: "assistant" };

function messagesIn(text: string, row: number): Message[] {
  const parsed = conversation.safeParse(valueIn(text));
  if (parsed.success)
    return parsed.data.map((message) =>
      "from" in message
        ? { role: rolesOfLlava[String(message.from)] ?? String(message.from), content: String(message.value) }
        : (message as unknown as Message),
    );
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? ` (${issue.path.join(".")})` : "";
  throw Object.assign(new Error(`Row ${row + 1} is no conversation${where}: “${text.slice(0, 60)}”.`), {
    hint: 'A conversation is written [{"role": "user", "content": "…"}, …]; or choose questions.',
  });
}

function valueIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function objectIn(text: string): Record<string, unknown> | undefined {
  const value = valueIn(text);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** The tokenizer's template; of several the one that is called default. */
function templateOf({ config }: Tokenizer): string {
  const { chat_template: given } = config;
  if (typeof given === "string") return given;
  const named = (Array.isArray(given) ? given : []) as { name?: unknown; template?: unknown }[];
  const chosen = named.find(({ name }) => name === "default") ?? named[0];
  if (typeof chosen?.template === "string") return chosen.template;
  throw Object.assign(new Error("The tokenizer has no chat template."), {
    hint: "Load it together with its chat_template.jinja or tokenizer_config.json, or write a template.",
  });
}

/** Special tokens as templates call them. */
function specialTokens({ config }: Tokenizer): Record<string, string> {
  const named = Object.entries(config).filter(([name]) => name.endsWith("_token"));
  return Object.fromEntries(
    named.flatMap(([name, token]) => {
      const content = tokenOf(token);
      return content === undefined ? [] : [[name, content]];
    }),
  );
}
