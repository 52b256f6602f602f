/**
 * The tokenizer inside of a GGUF file as a tokenizer.json: byte-level BPE ("gpt2"), or SentencePiece's BPE ("llama"),
 * whose merges follow from the scores of its pieces; and the chat template beside it.
 */
import type { TokenizerFiles } from "../tokenizers/open";
import { GgufError, type GgufFile } from "./read";

/** Kinds of tokens: what is control is special, what users defined is found before anything else. */
const kinds = { control: 3, userDefined: 4 };

export function ggufTokenizer({ metadata }: GgufFile): TokenizerFiles {
  const tokens = textsIn(metadata.get("tokenizer.ggml.tokens"), "tokenizer.ggml.tokens");
  const types = numbersIn(metadata.get("tokenizer.ggml.token_type"), tokens.length);
  const model = metadata.get("tokenizer.ggml.model");
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const added = tokens.flatMap((content, id) => {
    const special = types[id] === kinds.control;
    if (!special && types[id] !== kinds.userDefined) return [];
    return [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special }];
  });
  const tokenAt = (role: string): string | undefined => {
    const id = metadata.get(`tokenizer.ggml.${role}_token_id`);
    return typeof id === "number" ? tokens[id] : undefined;
  };
  const begin = metadata.get("tokenizer.ggml.add_bos_token");
  const pre = String(metadata.get("tokenizer.ggml.pre") ?? "default");
  const starts = typeof begin === "boolean" ? begin : model === "llama" || pre === "llama-bpe";
  const json = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    post_processor: starts ? startingWith(tokenAt("bos"), vocab) : null,
    ...readingOf(model, pre, metadata, { tokens, vocab }),
  };
  return { json, config: configOf(metadata, tokenAt) };
}

type Metadata = GgufFile["metadata"];
interface Vocabulary {
  tokens: readonly string[];
  vocab: Record<string, number>;
}

function readingOf(model: unknown, pre: string, metadata: Metadata, words: Vocabulary): Record<string, unknown> {
  if (model === "gpt2")
    return byteLevel(pre, textsIn(metadata.get("tokenizer.ggml.merges"), "tokenizer.ggml.merges"), words);
  if (model === "llama") return sentencePiece(metadata, words);
  throw new GgufError(
    `tokenizer.ggml.model is “${String(model).slice(0, 40)}”, and gpt2 and llama are known`,
    "Load the tokenizer.json of the model beside it.",
  );
}

function configOf(metadata: Metadata, tokenAt: (role: string) => string | undefined): Record<string, unknown> {
  const template = metadata.get("tokenizer.chat_template");
  const roles = {
    bos_token: "bos",
    eos_token: "eos",
    unk_token: "unknown",
    pad_token: "padding",
    sep_token: "seperator",
  };
  const named = Object.entries(roles).flatMap(([name, role]) => {
    const token = tokenAt(role);
    return token === undefined ? [] : [[name, token]];
  });
  return {
    ...Object.fromEntries(named),
    ...(typeof template === "string" ? { chat_template: template } : {}),
    clean_up_tokenization_spaces: false,
  };
}

function startingWith(token: string | undefined, vocab: Vocabulary["vocab"]): Record<string, unknown> | null {
  if (token === undefined) return null;
  const start = { SpecialToken: { id: token, type_id: 0 } };
  const text = { Sequence: { id: "A", type_id: 0 } };
  const second = { Sequence: { id: "B", type_id: 1 } };
  const special_tokens = { [token]: { id: token, ids: [vocab[token]], tokens: [token] } };
  const again = { SpecialToken: { id: token, type_id: 1 } };
  return { type: "TemplateProcessing", single: [start, text], pair: [start, text, again, second], special_tokens };
}

const split = (pattern: string) => ({
  type: "Split",
  pattern: { Regex: pattern },
  behavior: "Isolated",
  invert: false,
});
const bytes = (regex: boolean) => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: regex,
});
const digits = { type: "Digits", individual_digits: true };
const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const rest = String.raw`| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/** How texts are cut before their pieces are joined, by the names that llama.cpp has for it. */
const cuts: Record<string, unknown[]> = {
  default: [bytes(true)],
  "gpt-2": [bytes(true)],
  "llama-bpe": [split(String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}${rest}`), bytes(false)],
  qwen2: [split(String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}${rest}`), bytes(false)],
  smollm: [digits, bytes(true)],
  starcoder: [digits, bytes(true)],
  refact: [digits, bytes(true)],
  "command-r": [digits, bytes(true)],
};

function byteLevel(pre: string, merges: string[], { vocab }: Vocabulary): Record<string, unknown> {
  const pretokenizers = cuts[pre];
  if (!pretokenizers)
    throw new GgufError(
      `tokenizer.ggml.pre is “${pre.slice(0, 40)}”, and ${Object.keys(cuts).join(", ")} are known`,
      "Load the tokenizer.json of the model beside it.",
    );
  return {
    normalizer: pre === "qwen2" ? { type: "NFC" } : null,
    pre_tokenizer: { type: "Sequence", pretokenizers },
    decoder: { ...bytes(true), add_prefix_space: true },
    model: { type: "BPE", unk_token: null, ignore_merges: pre === "llama-bpe", byte_fallback: false, vocab, merges },
  };
}

function sentencePiece(metadata: Metadata, { tokens, vocab }: Vocabulary): Record<string, unknown> {
  const scores = numbersIn(metadata.get("tokenizer.ggml.scores"), tokens.length);
  const prefixed = metadata.get("tokenizer.ggml.add_space_prefix") !== false;
  const unknown = metadata.get("tokenizer.ggml.unknown_token_id");
  const spaces = { type: "Replace", pattern: { String: " " }, content: "▁" };
  return {
    normalizer: { type: "Sequence", normalizers: [...(prefixed ? [{ type: "Prepend", prepend: "▁" }] : []), spaces] },
    pre_tokenizer: null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...(prefixed ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: "BPE",
      unk_token: typeof unknown === "number" ? tokens[unknown] : "<unk>",
      fuse_unk: true,
      byte_fallback: true,
      vocab,
      merges: mergesOf({ tokens, vocab }, scores),
    },
  };
}

/** Every way to put a piece together from two others, those of the best pieces first; as transformers converts them. */
function mergesOf({ tokens, vocab }: Vocabulary, scores: readonly number[]): [string, string][] {
  const merges: { left: string; right: string; score: number }[] = [];
  for (const [id, piece] of tokens.entries()) {
    const letters = [...piece];
    const own: { left: string; right: string; score: number }[] = [];
    for (let cut = 1; cut < letters.length; cut++) {
      const left = letters.slice(0, cut).join("");
      const right = letters.slice(cut).join("");
      if (Object.hasOwn(vocab, left) && Object.hasOwn(vocab, right)) own.push({ left, right, score: scores[id] ?? 0 });
    }
    const place = ({ left, right }: { left: string; right: string }) => [vocab[left] ?? 0, vocab[right] ?? 0] as const;
    own.sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1]);
    merges.push(...own);
  }
  const length = (text: string) => [...text].length;
  merges.sort((a, b) => b.score - a.score || length(b.left) - length(a.left) || length(b.right) - length(a.right));
  return merges.map(({ left, right }) => [left, right]);
}

function textsIn(value: unknown, field: string): string[] {
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  throw new GgufError(`${field} is no list of texts`, "Load the tokenizer.json of the model beside it.");
}

const numbersIn = (value: unknown, length: number): number[] =>
  Array.isArray(value) ? value.map(Number) : new Array<number>(length).fill(0);
