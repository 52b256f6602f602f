/**
 * Conversations as LLaVA's own code writes them for training: text, ids, and which of them are learned (LLaVA-NeXT,
 * llava/train/train.py and llava/conversation.py). What it does oddly is done the same way here: models were trained
 * so.
 */
import { ignoredLabel } from "../../blocks/loss";
import { pictureMark, placedAtStart, type Turn, TurnError } from "../conversations/turns";
import { type OpenTokenizer, openTokenizer, type TokenizerFiles } from "./open";

export type ConversationTemplate = "plain" | "v1" | "qwen";

export interface ConversationForm {
  template: ConversationTemplate;
  /** In place of the template's own system message. */
  system?: string;
  /** The most tokens. */
  length: number;
  /** Whether the conversation has pictures: without, `<image>` is text like any other. */
  hasPictures: boolean;
  /** The id that stands for a picture. */
  placeholder: number;
  /** Of v1: whether the tokenizer splits text as LLaMA's first one does, as nearly all do. */
  legacy?: boolean;
}

export interface WrittenConversation {
  text: string;
  ids: number[];
  /** The ids that are learned, and −100 elsewhere. */
  labels: number[];
  /** How many ids there were before they were cut, and how many places of pictures were cut off. */
  whole: number;
  lost: number;
}

const systems = {
  v1:
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, " +
    "and polite answers to the user's questions.",
  qwen: "You are a helpful assistant.",
};

/** A conversation to learn from. Throws a `TurnError` where the template cannot write it. */
export function writeConversation(
  files: TokenizerFiles,
  given: readonly Turn[],
  form: ConversationForm,
): WrittenConversation {
  const turns = form.hasPictures ? placedAtStart(given) : [...given];
  const written = writers[form.template](files, turns, form);
  return {
    text: written.text,
    ids: written.ids.slice(0, form.length),
    labels: written.labels.slice(0, form.length),
    whole: written.whole ?? written.ids.length,
    lost: placesIn(written.ids.slice(form.length), form),
  };
}

const placesIn = (ids: readonly number[], { placeholder }: ConversationForm): number =>
  ids.filter((id) => id === placeholder).length;

/**
 * The conversation up to where the assistant is to answer, an answer that ends it left away. It is cut at the left, and
 * there is nothing to learn.
 */
export function writePrompt(
  files: TokenizerFiles,
  given: readonly Turn[],
  form: ConversationForm,
): WrittenConversation {
  const turns = form.hasPictures ? placedAtStart(given) : [...given];
  if (turns.at(-1)?.from === "gpt") turns.pop();
  const text = prompts[form.template](turns, form);
  const words = wordsOf(openTokenizer(files), form);
  const all = form.hasPictures ? words.withPictures(text) : words.ids(text);
  const ids = all.slice(-form.length);
  const lost = placesIn(all, form) - placesIn(ids, form);
  return { text, ids, labels: ids.map(() => ignoredLabel), whole: all.length, lost };
}

type Written = Pick<WrittenConversation, "text" | "ids" | "labels"> & { whole?: number };
type Writer = (files: TokenizerFiles, turns: readonly Turn[], form: ConversationForm) => Written;

const writers: Record<ConversationTemplate, Writer> = { plain: writePlain, v1: writeV1, qwen: writeQwen };

const prompts: Record<ConversationTemplate, (turns: readonly Turn[], form: ConversationForm) => string> = {
  plain: () => pictureMark,
  v1: (turns, { system = systems.v1 }) => v1Text([...turns, { from: "gpt", value: "" }], system),
  qwen(turns, { system = systems.qwen }) {
    const said = turns.map(({ from, value }) => marked(roleOf[from], value));
    return `${system ? marked("system", system) : ""}${said.join("")}<|im_start|>assistant\n`;
  },
};

interface Words {
  ids(text: string): number[];
  /** Pieces between the pictures are tokenized one by one; of their start tokens one stays, before all. */
  withPictures(text: string): number[];
}

function wordsOf(tokenizer: OpenTokenizer, { placeholder }: ConversationForm): Words {
  const start = tokenizer.roleId("bos_token");
  const ids = (text: string) => tokenizer.encode(text).ids;
  return {
    ids,
    withPictures(text) {
      const pieces = text.split(pictureMark).map(ids);
      const hasStart = start !== undefined && pieces[0]?.[0] === start;
      const said = pieces.flatMap((piece, i) => [...(i ? [placeholder] : []), ...piece.slice(hasStart ? 1 : 0)]);
      return hasStart ? [start, ...said] : said;
    },
  };
}

/** A picture and its caption, which alone is learned; what the human says is dropped. */
function writePlain(files: TokenizerFiles, turns: readonly Turn[], form: ConversationForm): Written {
  const [question, answer, ...more] = turns;
  if (!form.hasPictures) throw new TurnError("the plain template writes pictures with captions, and it has no picture");
  if (question?.from !== "human" || answer?.from !== "gpt" || more.length)
    throw new TurnError("the plain template writes a picture and its caption: one turn of human, one of gpt");
  const words = wordsOf(openTokenizer(files), form);
  const text = `${pictureMark}${answer.value}\n`;
  const ids = words.withPictures(text);
  const hidden = words.withPictures(pictureMark).length;
  return { text, ids, labels: ids.map((id, i) => (i < hidden ? ignoredLabel : id)) };
}

/** Vicuna's form. */
function writeV1(files: TokenizerFiles, turns: readonly Turn[], form: ConversationForm): Written {
  const tokenizer = openTokenizer(files);
  const words = wordsOf(tokenizer, form);
  const text = v1Text(turns, form.system ?? systems.v1);
  const all = form.hasPictures ? words.withPictures(text) : words.ids(text);
  // Text alone is cut before its labels are made, which a count that does not come out may then turn off.
  const ids = form.hasPictures ? all : all.slice(0, form.length);
  return { text, ids, labels: v1Labels(tokenizer, words, { text, ids }, form), whole: all.length };
}

function v1Text(turns: readonly Turn[], system: string): string {
  const wrong = turns.findIndex(({ from }, i) => from !== (i % 2 ? "gpt" : "human"));
  if (wrong >= 0)
    throw new TurnError(`the v1 template takes human and gpt by turns, and turn ${wrong + 1} is out of order`);
  let text = `${system} `;
  for (const [i, { value }] of turns.entries()) {
    const speaker = i % 2 ? "ASSISTANT" : "USER";
    // Where nothing is said, there is no end mark either.
    text += value ? `${speaker}: ${value}${i % 2 ? "</s>" : " "}` : `${speaker}:`;
  }
  return text;
}

/**
 * Each round is tokenized alone to know how long it is. Its start token stands for the `</s>` that ends it, and the
 * last space of the question is a token that the answer's first word swallows. If the lengths do not add up to the
 * whole, such as when a message holds “ ASSISTANT: ”, nothing is learned of it.
 */
function v1Labels(
  tokenizer: OpenTokenizer,
  words: Words,
  { text, ids }: { text: string; ids: readonly number[] },
  { hasPictures, length, legacy = true }: ConversationForm,
): number[] {
  const countOf = (part: string) => (hasPictures ? words.withPictures(part) : words.ids(part)).length;
  const labels = [...ids];
  labels.fill(ignoredLabel, 0, 1);
  let place = 1;
  for (const [i, round] of text.split("</s>").entries()) {
    const halves = round.split(" ASSISTANT: ");
    if (halves.length !== 2) break;
    const shorter = i && !legacy ? 1 : 0;
    labels.fill(ignoredLabel, place, place + countOf(`${halves[0]} ASSISTANT: `) - 2 - shorter);
    place += countOf(round) - shorter;
  }
  labels.fill(ignoredLabel, place);
  const padding = tokenizer.roleId("pad_token") ?? tokenizer.roleId("unk_token");
  const counted = ids.filter((id) => id !== padding).length;
  return place < length && place !== counted ? labels.fill(ignoredLabel) : labels;
}

const roleOf = { human: "user", gpt: "assistant", system: "system" };
const marked = (role: string, message: string): string => `<|im_start|>${role}\n${message}<|im_end|>\n`;

/**
 * Qwen's form. Messages are tokenized one by one; those of the assistant are learned as a whole, and line ends and the
 * marks of messages everywhere.
 */
function writeQwen(files: TokenizerFiles, turns: readonly Turn[], form: ConversationForm): Written {
  const tokenizer = openTokenizer(form.hasPictures ? withPictureToken(files) : files);
  const always = new Set(["<|im_start|>", "<|im_end|>"].map((mark) => markOf(tokenizer, mark)));
  const [lineEnd] = tokenizer.encode("\n", { special: false }).ids;
  if (lineEnd !== undefined) always.add(lineEnd);
  const picture = form.hasPictures ? tokenizer.idOf(pictureMark) : undefined;
  const written: Written = { text: "", ids: [], labels: [] };
  for (const { from, value } of [{ from: "system" as const, value: form.system ?? systems.qwen }, ...turns]) {
    const message = marked(roleOf[from], value);
    written.text += message;
    for (const id of tokenizer.encode(message, { special: false }).ids) {
      // Labels keep the id that the mark itself has, where the assistant says it.
      written.ids.push(id === picture ? form.placeholder : id);
      written.labels.push(from === "gpt" || always.has(id) ? id : ignoredLabel);
    }
  }
  return written;
}

function markOf(tokenizer: OpenTokenizer, mark: string): number {
  const id = tokenizer.idOf(mark);
  if (id === undefined)
    throw Object.assign(new Error(`The tokenizer has no token ${mark}, which Qwen's template is written with.`), {
      hint: "Wire the tokenizer of a Qwen model, or choose another template.",
    });
  return id;
}

const withPicture = new WeakMap<TokenizerFiles, TokenizerFiles>();

/** The tokenizer with `<image>` as one special token, behind all others where it has none. */
function withPictureToken(files: TokenizerFiles): TokenizerFiles {
  const known = withPicture.get(files) ?? addPictureToken(files);
  withPicture.set(files, known);
  return known;
}

function addPictureToken(files: TokenizerFiles): TokenizerFiles {
  const tokenizer = openTokenizer(files);
  const id = tokenizer.idOf(pictureMark) ?? tokenizer.size;
  const added = Array.isArray(files.json.added_tokens) ? (files.json.added_tokens as { id: number }[]) : [];
  if (added.some((token) => token.id === id)) return files;
  const token = {
    id,
    content: pictureMark,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  };
  return { ...files, json: { ...files.json, added_tokens: [...added, token] } };
}
