import * as z from "zod";
import { ignoredLabel } from "#models/blocks/loss";
import { pictureMark, type Turn, TurnError, turnsIn } from "#models/files/conversations/turns";
import {
  type ConversationForm,
  writeConversation,
  type WrittenConversation,
  writePrompt,
} from "#models/files/tokenizers/conversation";
import { openTokenizer } from "#models/files/tokenizers/open";
import { defineNode } from "../core/node";
import { longestOf, packTokens, paddingOf } from "../core/packing";
import { placeholderParam } from "../core/placeholder";
import { port } from "../core/ports";
import { counted } from "../core/wording";

/** When a parameter means something, by another. */
const withSystem = { template: ["v1", "qwen"] };
const v1Only = { template: ["v1"] };

export const conversationTemplate = defineNode({
  type: "text.conversation-template",
  title: "Conversation template",
  description: "Conversations about pictures as LLaVA's templates write them: text, ids and what to learn of them.",
  synonyms: ["Vicuna", "system prompt", "prompt format", "SFT"],
  docs: `Each row is a conversation as JSON, as *Conversations* gives it: \`[{"from": "human", "value": "<image>\\nWhat
is this?"}, {"from": "gpt", "value": "A ship."}]\`. Text, ids and labels are those of LLaVA-NeXT's own code
(llava/train/train.py, llava/conversation.py), id for id:

| template | of | learned |
| --- | --- | --- |
| plain | the first stage: a picture and its caption | the caption and its line end; what the human says is dropped |
| v1 | Vicuna | the assistant's answers, each with its \`</s>\` |
| qwen | Qwen (\`qwen_1_5\`) | the assistant's messages as a whole, and line ends and the marks of messages everywhere |

A lone \`<image>\` moves to the start of its turn; two or more stay where they are. One leading turn that is not the
human's is skipped. In v1 a row learns nothing where its rounds, tokenized one by one, are not as long as the whole,
such as when a message holds “ ASSISTANT: ”: LLaVA says nothing of that, here such rows are counted.

\`ids\`, \`mask\` and \`labels\` are int64 [N, length]; labels are −100 where nothing is learned. Each picture is one
id, the *placeholder*, of which *Image places* makes as many as the picture has tokens. Rows longer than *length* are
cut at the right, and text alone in v1 before its labels are made, as there.

*Ask* ends where the assistant is to answer: an answer that ends the conversation is left away, and given as
\`answer\`. Prompts are cut at the left. With \`kind\` wired, rows of kind text have no pictures, and \`<image>\` in
them is text like any other.`,
  version: 1,
  inputs: {
    conversation: port.text({ shape: ["N"], doc: "A JSON list of turns." }),
    tokenizer: port.tokenizer(),
    kind: port.text({ shape: ["N"], optional: true, doc: "As *Conversations* names it: text has no pictures." }),
  },
  outputs: {
    ids: port.tensor({ dtype: "int64", shape: ["N", "$length"] }),
    mask: port.tensor({ dtype: "int64", shape: ["N", "$length"] }),
    labels: port.tensor({ dtype: "int64", shape: ["N", "$length"] }),
    text: port.text({ shape: ["N"] }),
    answer: port.text({ shape: ["N"], doc: "What the assistant says last; empty where it says nothing." }),
  },
  bypass: { text: "conversation" },
  params: {
    template: z.enum(["plain", "v1", "qwen"]).default("qwen"),
    ending: z.enum(["closed", "ask"]).default("closed").meta({
      description: "Closed to learn from; ask to let the model answer.",
    }),
    system: z.string().max(100_000).default("").meta({
      label: "System message",
      widget: "textarea",
      description: "Empty: the template's own.",
      when: withSystem,
    }),
    length: z.int().min(1).max(131_072).default(2048).meta({ unit: "tokens" }),
    padding: z.enum(["length", "longest"]).default("longest").meta({ label: "Pad to" }),
    side: z.enum(["right", "left"]).default("right").meta({
      label: "Padding side",
      description: "Left for generation; training takes either.",
      advanced: true,
    }),
    placeholder: placeholderParam.meta({ label: "Placeholder", advanced: true }),
    legacy: z.boolean().default(true).meta({
      label: "Legacy tokenizer",
      description: "Off for tokenizers that say legacy: false, whose rounds are a token shorter.",
      advanced: true,
      when: v1Only,
    }),
  },
  ports({ padding }) {
    if (padding === "length") return {};
    const open = port.tensor({ dtype: "int64", shape: ["N", "T"] });
    return { outputs: { ids: open, mask: open, labels: open }, perBatch: true };
  },
  rowwise: true,
  async run({ host, inputs, params }) {
    const { tokenizer, kind } = inputs;
    const asks = params.ending === "ask";
    const rows = inputs.conversation.map((text, row) => {
      const turns = inRow(row, () => turnsIn(jsonIn(text)));
      const form: ConversationForm = {
        ...params,
        system: params.system || undefined,
        hasPictures: kind ? kind[row] !== "text" : text.includes(pictureMark),
      };
      const write = asks ? writePrompt : writeConversation;
      return { ...inRow(row, () => write(tokenizer, turns, form)), answer: lastAnswer(turns) };
    });
    for (const warning of warningsOf(rows, asks, params.length)) host.warn(warning);
    const length =
      params.padding === "longest"
        ? longestOf(
            rows.map(({ ids }) => ids),
            host,
          )
        : params.length;
    const padding = paddingOf(openTokenizer(tokenizer));
    return {
      ...packTokens(rows, { length, padding, left: params.side === "left" }),
      text: rows.map(({ text }) => text),
      answer: rows.map(({ answer }) => answer),
    };
  },
});

function lastAnswer(turns: readonly Turn[]): string {
  const last = turns.at(-1);
  return last?.from === "gpt" ? last.value : "";
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TurnError(`it is no JSON: “${text.slice(0, 60)}”`);
  }
}

/** Names the row in what is wrong with its conversation. */
function inRow<R>(row: number, work: () => R): R {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TurnError)) throw error;
    throw Object.assign(new Error(`Row ${row + 1} cannot be written: ${error.message}.`), {
      hint: 'A conversation is written [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}].',
    });
  }
}

function warningsOf(rows: readonly WrittenConversation[], asks: boolean, length: number): string[] {
  const cut = rows.filter(({ whole }) => whole > length).length;
  const barren = asks ? 0 : rows.filter(({ labels }) => labels.every((label) => label === ignoredLabel)).length;
  const warnings: string[] = [];
  if (cut) warnings.push(`${counted(cut, "row is", "rows are")} longer than ${length} tokens and cut.`);
  const lost = rows.reduce((sum, row) => sum + row.lost, 0);
  if (lost) warnings.push(`${counted(lost, "picture has", "pictures have")} lost their place so: raise the length.`);
  if (barren) {
    const reason = `no answer is within ${length} tokens, or the rounds of its template cannot be told apart`;
    warnings.push(`Of ${counted(barren, "row", "rows")} nothing is learned: ${reason}.`);
  }
  return warnings;
}
