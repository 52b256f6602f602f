/**
 * Makes a tokenizer of @huggingface/tokenizers 0.2.0 do what Hugging Face's own library does, where the two differ:
 * JavaScript's white space holds the byte-order mark and lacks U+0085, its small letter of Σ depends on the place in a
 * word, SentencePiece's character map is only approximated, punctuation and numbers are joined that stay apart,
 * broken UTF-8 is replaced otherwise, rare Chinese characters are not set apart, unknown letters of two words become
 * one token, and a second text is lost where no post-processor joins the two.
 */
import {
  BertNormalizer,
  BertPreTokenizer,
  ByteFallbackDecoder,
  ByteLevelPreTokenizer,
  DigitsPreTokenizer,
  LowercaseNormalizer,
  PrecompiledNormalizer,
  PunctuationPreTokenizer,
  SplitPreTokenizer,
  StripNormalizer,
  type Tokenizer,
  WhitespacePreTokenizer,
  WhitespaceSplitPreTokenizer,
} from "@huggingface/tokenizers";
import { precompiled } from "./charsmap";
import { type SplitBehaviour, splitBy } from "./splits";

const punctuation = String.raw`\p{P}!-/:-@\[-\x60{-~`;
const word = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}`;
const patterns = {
  byteLevel: new RegExp(
    [
      "'s|'t|'re|'ve|'m|'ll|'d",
      String.raw` ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+`,
      String.raw`\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+`,
    ].join("|"),
    "gu",
  ),
  bert: new RegExp(String.raw`[^\p{White_Space}${punctuation}]+|[${punctuation}]`, "gu"),
  unspaced: /\P{White_Space}+/gu,
  words: new RegExp(String.raw`[${word}]+|[^${word}\p{White_Space}]+`, "gu"),
  digit: /\p{N}/gu,
  digits: /\p{N}+/gu,
  punctuation: new RegExp(`[${punctuation}]`, "gu"),
  chinese: new RegExp(
    [
      String.raw`[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}`,
      String.raw`\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]`,
    ].join(""),
    "gu",
  ),
  spaceBefore: /^\p{White_Space}+/u,
  spaceAfter: /\p{White_Space}+$/u,
};

/** Changes the tokenizer's parts in place. */
export function mend(tokenizer: Tokenizer): void {
  for (const part of partsOf(tokenizer.normalizer, "normalizers")) mendNormalizer(part);
  for (const part of partsOf(tokenizer.pre_tokenizer, "tokenizers")) mendPreTokenizer(part);
  for (const part of partsOf(tokenizer.decoder, "decoders")) {
    if (part instanceof ByteFallbackDecoder) part.text_decoder = wholeOrReplaced as TextDecoder;
  }
  joinPairs(tokenizer);
  fuseInWords(tokenizer);
}

/** A part and, where it is a sequence, those in it. */
function partsOf(part: unknown, name: string): unknown[] {
  const inner = (part as Record<string, unknown[]> | null)?.[name];
  return inner ? inner.flatMap((each) => partsOf(each, name)) : [part];
}

/** Every Σ as the small letter that it is inside of a word: the library looks at one letter at a time. */
const plainSigma = (text: string): string => text.replaceAll("Σ", "σ");

function mendNormalizer(part: unknown): void {
  if (part instanceof LowercaseNormalizer) part.normalize = (text) => plainSigma(text).toLowerCase();
  if (part instanceof PrecompiledNormalizer) {
    const { precompiled_charsmap: map } = part.config as { precompiled_charsmap?: string };
    if (map) part.normalize = precompiled(map);
  }
  if (part instanceof StripNormalizer) {
    const { strip_left: before, strip_right: after } = part.config as { strip_left?: boolean; strip_right?: boolean };
    part.normalize = (text) => {
      const begun = before ? text.replace(patterns.spaceBefore, "") : text;
      return after ? begun.replace(patterns.spaceAfter, "") : begun;
    };
  }
  if (part instanceof BertNormalizer) {
    const { normalize } = part;
    const { lowercase } = part.config as { lowercase?: boolean };
    Object.assign(part, { tokenize_chinese_chars: (text: string) => text.replace(patterns.chinese, " $& ") });
    part.normalize = (text) => normalize.call(part, lowercase ? plainSigma(text) : text);
  }
}

function mendPreTokenizer(part: unknown): void {
  if (part instanceof ByteLevelPreTokenizer) part.pattern = patterns.byteLevel;
  if (part instanceof BertPreTokenizer) part.pre_tokenize_text = (text) => text.match(patterns.bert) ?? [];
  if (part instanceof WhitespaceSplitPreTokenizer)
    part.pre_tokenize_text = (text) => text.match(patterns.unspaced) ?? [];
  if (part instanceof WhitespacePreTokenizer) part.pre_tokenize_text = (text) => text.match(patterns.words) ?? [];
  if (part instanceof DigitsPreTokenizer) {
    const { individual_digits: apart } = part.config as { individual_digits?: boolean };
    part.pre_tokenize_text = (text) => splitBy(text, apart ? patterns.digit : patterns.digits, "isolated");
  }
  if (part instanceof PunctuationPreTokenizer) {
    const how = behaviourOf(part.config);
    part.pre_tokenize_text = (text) => splitBy(text, patterns.punctuation, how);
  }
  if (part instanceof SplitPreTokenizer) {
    const { pattern } = part;
    const how = behaviourOf(part.config);
    const { invert = false } = part.config as { invert?: boolean };
    if (pattern) part.pre_tokenize_text = (text) => splitBy(text, pattern, how, invert);
  }
}

const behaviourOf = (config: unknown): SplitBehaviour =>
  ((config as { behavior?: string }).behavior ?? "Isolated").toLowerCase() as SplitBehaviour;

/** Bytes that are no UTF-8 become one sign each; and a byte-order mark in the middle of a text stays. */
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const wholeOrReplaced = {
  decode(bytes: Uint8Array): string {
    try {
      return strict.decode(bytes);
    } catch {
      return "\ufffd".repeat(bytes.length);
    }
  },
};

/** Unknown letters become one token together only where they stand in one word. */
function fuseInWords({ model }: Tokenizer): void {
  if (!model?.fuse_unk) return;
  const { _call: tokensOf } = model;
  model._call = (words) => words.flatMap((word) => tokensOf.call(model, [word]));
}

/** What is told of two texts where nothing says how they are joined: one behind the other, as two types. */
function joinPairs(tokenizer: Tokenizer): void {
  const { post_processor: original } = tokenizer;
  const joined = (first: string[], second: string[] | null = null, special = true) => {
    const done = original?.post_process(first, second, special);
    if (done && !done.tokens_pair && (done.token_type_ids || !second)) return done;
    const [own, other] = done ? [done.tokens, done.tokens_pair ?? []] : [first, second ?? []];
    return { tokens: [...own, ...other], token_type_ids: [...own.map(() => 0), ...other.map(() => 1)] };
  };
  tokenizer.post_processor = Object.assign(joined, { post_process: joined }) as unknown as typeof original;
}
