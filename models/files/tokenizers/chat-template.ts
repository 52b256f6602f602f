/**
 * Conversations as a model's chat template writes them, by @huggingface/jinja. A template is a stranger's program: its
 * steps, its depth and what it writes are bounded, and it reaches nothing but what it is given.
 */
import { Environment, Interpreter, Template } from "@huggingface/jinja";
import { formatDate } from "./dates";

/** What one says: a text, or parts such as `{type: "image"}` and `{type: "text", text}`. */
export interface Message {
  role: string;
  content: string | { type: string; text?: string }[];
}
export interface ChatOptions {
  /** What follows the last message: a question to the model, nothing, or its going on where that message stops. */
  ending: "ask" | "closed" | "continue";
  /** Special tokens by their names, such as `eos_token`, and whatever else the template reads: tools, documents … */
  variables: Readonly<Record<string, unknown>>;
  /** The day that a template is told which asks for one; without it there is none to ask for. */
  date?: Date;
}
export interface RenderedChat {
  text: string;
  /** The parts that the assistant says, as places in the text; undefined where the template cannot tell. */
  spoken?: [start: number, end: number][];
}

const limits = { template: 2 ** 20, steps: 200_000, depth: 1000, text: 16 * 2 ** 20, items: 100_000 };

function refusal(reason: string, cause?: unknown): Error {
  return Object.assign(new Error(`The chat template cannot be applied: ${reason}.`, { cause }), {
    hint: "Check the conversation, or choose the template that belongs to the model.",
  });
}

/** Writes a conversation. */
export function renderChat(template: string, messages: readonly Message[], options: ChatOptions): string {
  if (options.ending === "continue") return continued(template, messages, options);
  return render(template, messages, options);
}

/**
 * Writes a conversation and tells what of it the assistant says: what the template marks with `{% generation %}`, or
 * else what each of its messages adds to those before, if the template writes them one behind the other.
 */
export function renderSpoken(template: string, messages: readonly Message[], options: ChatOptions): RenderedChat {
  if (marked.test(template)) return withoutMarks(render(withMarks(template), messages, options));
  const text = renderChat(template, messages, options);
  const spoken: [number, number][] = [];
  for (const [i, { role }] of messages.entries()) {
    if (role !== "assistant") continue;
    const before = attempt(template, messages.slice(0, i), { ...options, ending: "ask" });
    const after = attempt(template, messages.slice(0, i + 1), { ...options, ending: "closed" });
    const isLast = i === messages.length - 1 && options.ending === "continue";
    const end = isLast ? text.length : after?.length;
    if (before === undefined || end === undefined || !text.startsWith(before)) return { text };
    if (!isLast && !text.startsWith(after ?? "")) return { text };
    spoken.push([before.length, end]);
  }
  return { text, spoken };
}

/** A part of a conversation, which a template may have reasons to refuse. */
function attempt(template: string, messages: readonly Message[], options: ChatOptions): string | undefined {
  try {
    return render(template, messages, options);
  } catch {
    return undefined;
  }
}

const marked = /\{%[-+]?\s*generation\s*[-+]?%\}/;
/** Letters that no text has. */
const marks = { start: "\u{10fffe}", end: "\u{10ffff}" };
const markMacro = `{% macro generation_block() %}${marks.start}{{ caller() }}${marks.end}{% endmacro %}{{ '' }}`;

function withMarks(template: string): string {
  const called = template
    .replace(/\{%([-+]?)\s*generation\s*([-+]?)%\}/g, "{%$1 call generation_block() $2%}")
    .replace(/\{%([-+]?)\s*endgeneration\s*([-+]?)%\}/g, "{%$1 endcall $2%}");
  return markMacro + called;
}

function withoutMarks(written: string): RenderedChat {
  const spoken: [number, number][] = [];
  let text = "";
  for (const part of written.split(marks.start)) {
    const [said, rest] = part.split(marks.end);
    if (rest === undefined) {
      text += part;
      continue;
    }
    spoken.push([text.length, text.length + (said ?? "").length]);
    text += said + rest;
  }
  return { text, spoken };
}

const continueMark = "CONTINUE_FINAL_MESSAGE_TAG ";

/** As transformers does it: the last message gets a mark, and the text is cut off there. */
function continued(template: string, messages: readonly Message[], options: ChatOptions): string {
  const last = messages.at(-1);
  if (!last) throw refusal("there is no message to continue");
  const text = render(template, [...messages.slice(0, -1), withMark(last)], options);
  const place = text.lastIndexOf(continueMark.trim());
  if (place < 0) throw refusal("the template does not write the last message, which is to be continued");
  const isWhole = text.startsWith(continueMark, place);
  return isWhole ? text.slice(0, place) : text.slice(0, place).trimEnd();
}

function withMark({ role, content }: Message): Message {
  if (typeof content === "string") return { role, content: content + continueMark };
  const last = content.findLastIndex((part) => part.text !== undefined);
  if (last < 0) throw refusal("the last message has no text to continue");
  const parts = content.map((part, i) => (i === last ? { ...part, text: part.text + continueMark } : part));
  return { role, content: parts };
}

function render(template: string, messages: readonly Message[], { variables, date, ending }: ChatOptions): string {
  if (template.length > limits.template) throw refusal(`it has more than ${limits.template / 2 ** 20} MiB`);
  const environment = new Environment();
  const given = {
    ...constants,
    raise_exception: (said: unknown) => {
      throw new TemplateSays(String(said));
    },
    range: boundedRange,
    ...(date ? { strftime_now: (format: unknown) => formatDate(date, String(format)) } : {}),
    tools: null,
    documents: null,
    ...variables,
    messages,
    add_generation_prompt: ending === "ask",
  };
  for (const [name, value] of Object.entries(given)) environment.set(name, value);
  try {
    const { value } = new BoundedInterpreter(environment).run(programOf(template));
    return String(value);
  } catch (cause) {
    throw asRefusal(cause);
  }
}

const constants = { true: true, false: false, none: null, True: true, False: false, None: null };

/** What a template says itself of a conversation that it does not take. */
class TemplateSays extends Error {}

function asRefusal(cause: unknown): Error {
  if (cause instanceof TemplateSays) return refusal(`it says “${cause.message.slice(0, 500)}”`, cause);
  if (cause instanceof RangeError) return refusal("it goes round, or makes something, without an end", cause);
  const said = cause instanceof Error ? cause.message : String(cause);
  return refusal(said.slice(0, 500).replace(/\.$/, ""), cause);
}

let lastProgram: { template: string; program: Template["parsed"] } | undefined;
/** A batch has one template: what was read last is kept. */
function programOf(template: string): Template["parsed"] {
  if (lastProgram?.template === template) return lastProgram.program;
  const program = new Template(template).parsed;
  lastProgram = { template, program };
  return program;
}

function boundedRange(first: unknown, end?: unknown, by: unknown = 1): number[] {
  const [start, stop] = end === undefined ? [0, Number(first)] : [Number(first), Number(end)];
  const step = Number(by);
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (!(count <= limits.items)) throw new Error(`range() would give ${count} numbers`);
  return Array.from({ length: count }, (_, i) => start + i * step);
}

type Evaluate = Interpreter["evaluate"];

/** Counts what it does, and stops where it is too much. */
class BoundedInterpreter extends Interpreter {
  #steps = 0;
  #depth = 0;

  override evaluate(...[statement, environment]: Parameters<Evaluate>): ReturnType<Evaluate> {
    if (++this.#steps > limits.steps) throw new Error(`it takes more than ${limits.steps} steps`);
    if (++this.#depth > limits.depth) throw new Error("it goes round without an end");
    refuseReach(statement);
    try {
      const result = super.evaluate(statement, environment);
      refuseLarge((result as { value: unknown }).value);
      return result;
    } finally {
      this.#depth--; // loops are left by throwing, too
    }
  }
}

function refuseLarge(value: unknown): void {
  if (typeof value === "string" && value.length > limits.text)
    throw new Error(`it writes more than ${limits.text / 2 ** 20} MiB`);
  if (Array.isArray(value) && value.length > limits.items) throw new Error(`it makes a list of ${value.length}`);
}

/** Names by which templates reach for what lies behind a value: refused, though the library gives nothing for them. */
function refuseReach(statement: Parameters<Evaluate>[0]): void {
  if (statement?.type !== "MemberExpression") return;
  const { property } = statement as unknown as { property?: { value?: unknown } };
  const name = property?.value;
  if (typeof name === "string" && (name.startsWith("__") || name === "constructor" || name === "prototype"))
    throw new Error(`it reaches for “${name}”`);
}
