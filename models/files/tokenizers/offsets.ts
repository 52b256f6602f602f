/**
 * Where in a text its tokens come from, as Hugging Face's library tells it: the library that is used here gives none.
 * A text goes once more through the tokenizer's parts, letters with their places.
 */
import { BPE, type Tokenizer, WordPiece } from "@huggingface/tokenizers";
import { alignedNormalizer, alignedPreTokenizer } from "./align-parts";
import { type Aligned, aligned, lettersIn, type Span, sliced, spanOf, textOf } from "./aligned";

interface Located {
  token: string;
  span: Span;
}
type Locate = (text: string) => Located[];

/** The parts of the package's tokenizer that its types keep to themselves. */
interface Inside {
  splitter_unnormalized: Splitter;
  splitter_normalized: Splitter;
  added_tokens_map: ReadonlyMap<string, Added>;
}
interface Splitter {
  split(text: string): string[];
}
interface Added {
  lstrip: boolean;
  rstrip: boolean;
}

const located = new WeakMap<Tokenizer, Locate>();

/**
 * Start and end of each token of a text, in code points; special tokens that are put around it are not among them.
 * Undefined where the parts with places do not give the tokens that the tokenizer gives.
 */
export function spansOf(tokenizer: Tokenizer, text: string, tokens: readonly string[]): Span[] | undefined {
  const locate = located.get(tokenizer) ?? locator(tokenizer);
  located.set(tokenizer, locate);
  const found = locate(text);
  const isSame = found.length === tokens.length && found.every(({ token }, i) => token === tokens[i]);
  return isSame ? trimmed(tokenizer, found) : undefined;
}

interface Trimming {
  type?: string;
  trim_offsets?: boolean;
  add_prefix_space?: boolean;
  processors?: Trimming[];
}

/** Spans without the spaces at their ends, where the tokenizer's post-processor asks for that. */
function trimmed(tokenizer: Tokenizer, tokens: readonly Located[]): Span[] {
  const { tokenizer: json } = tokenizer as unknown as { tokenizer: { post_processor?: Trimming } };
  const parts = [json.post_processor ?? {}].flatMap((part) => part.processors ?? [part]);
  const trims = ({ type = "", trim_offsets: trim = true }: Trimming) =>
    trim && (type === "ByteLevel" || type === "RobertaProcessing");
  return parts.filter(trims).reduce(
    (spans, { add_prefix_space: isSpaced = true }) =>
      spans.map((span, i) => withoutSpaces(span, tokens[i]?.token ?? "", isSpaced && (i === 0 || span[0] === 0))),
    tokens.map(({ span }) => span),
  );
}

/** A space that was put before the text is not in it, and so not taken away. */
function withoutSpaces([start, end]: Span, token: string, isSpacePut: boolean): Span {
  const spaces = /^[Ġ\p{White_Space}]*/u.exec(token)?.[0].length ?? 0;
  const after = /[Ġ\p{White_Space}]*$/u.exec(token)?.[0].length ?? 0;
  const before = isSpacePut ? Math.max(0, spaces - 1) : spaces;
  const first = Math.min(start + before, end);
  return [first, end >= after ? Math.max(end - after, first) : end];
}

function locator(tokenizer: Tokenizer): Locate {
  const inside = tokenizer as unknown as Inside;
  const { model } = tokenizer;
  const normalize = alignedNormalizer(tokenizer.normalizer);
  const cut = alignedPreTokenizer(tokenizer.pre_tokenizer);
  if (!model) return () => [];
  const added = inside.added_tokens_map;
  return (text) =>
    sectionsOf(aligned(text), inside.splitter_unnormalized, added).flatMap((section, place) => {
      if ("token" in section) return [section];
      return sectionsOf(normalize(section), inside.splitter_normalized, added).flatMap((part) =>
        "token" in part ? [part] : cut(part, place).flatMap((word) => tokensOf(model, word)),
      );
    });
}

/** A text between the added tokens in it, and these; spaces that one of them takes in lie in its span. */
function sectionsOf(text: Aligned, splitter: Splitter, added: Inside["added_tokens_map"]): (Aligned | Located)[] {
  const parts = splitter.split(textOf(text));
  const spaces = parts.map((part) => {
    const [all, behind, before] = [part, part.trimStart(), part.trimEnd()].map(lettersIn) as [number, number, number];
    return added.has(part) ? { before: 0, behind: 0 } : { before: all - behind, behind: all - before };
  });
  let end = 0;
  return parts.map((part, i) => {
    const start = end;
    end += lettersIn(part);
    const [own, previous, next] = [part, parts[i - 1] ?? "", parts[i + 1] ?? ""].map((each) => added.get(each));
    if (!own) {
      const first = start + (previous?.rstrip ? (spaces[i]?.before ?? 0) : 0);
      return sliced(text, first, Math.max(first, end - (next?.lstrip ? (spaces[i]?.behind ?? 0) : 0)));
    }
    const first = start - (own.lstrip ? (spaces[i - 1]?.behind ?? 0) : 0);
    return { token: part, span: spanOf(text, first, end + (own.rstrip ? (spaces[i + 1]?.before ?? 0) : 0)) };
  });
}

/** The tokens of a pre-token. */
function tokensOf(model: NonNullable<Tokenizer["model"]>, word: Aligned): Located[] {
  const text = textOf(word);
  if (!text) return [];
  if (model instanceof BPE) return mergedTokens(model, word, text);
  const tokens = model([text]);
  if (tokens.length === 1) return [{ token: tokens[0] ?? "", span: spanOf(word) }];
  const prefix = model instanceof WordPiece ? lettersIn(model.config.continuing_subword_prefix ?? "") : 0;
  let end = 0;
  return tokens.map((token) => {
    const start = end;
    end += lettersIn(token) - (start ? prefix : 0);
    return { token, span: spanOf(word, start, end) };
  });
}

const utf8 = new TextEncoder();

/** Tokens of byte pair encoding; what is not in the vocabulary becomes its bytes, or an unknown token. */
function mergedTokens(model: BPE, word: Aligned, text: string): Located[] {
  if (model.ignore_merges && model.tokens_to_ids.has(text)) return [{ token: text, span: spanOf(word) }];
  const merged = model.bpe(text);
  const suffix = lettersIn(model.end_of_word_suffix ?? "");
  const tokens: (Located & { start: number })[] = [];
  let end = 0;
  for (const [i, token] of merged.entries()) {
    const start = end;
    end += lettersIn(token) - (i === merged.length - 1 ? suffix : 0);
    const bytes = Array.from(utf8.encode(token), (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
    const span = spanOf(word, start, end);
    const before = tokens.at(-1);
    if (model.tokens_to_ids.has(token)) tokens.push({ token, span, start });
    else if (model.byte_fallback && bytes.every((byte) => model.tokens_to_ids.has(byte)))
      tokens.push(...bytes.map((byte) => ({ token: byte, span, start })));
    else if (model.fuse_unk && before?.token === model.unk_token && before !== undefined)
      before.span = spanOf(word, before.start, end);
    else if (model.unk_token != null) tokens.push({ token: model.unk_token, span, start });
    else end = start; // the library counts on as if the letter were not there
  }
  return tokens;
}
