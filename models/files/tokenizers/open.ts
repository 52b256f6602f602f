/** Tokenizers of Hugging Face's format, opened: texts to ids and back, one text or a pair, cut to a length. */
import { Tokenizer } from "@huggingface/tokenizers";
import type { Span } from "./aligned";
import { mend } from "./mend";
import { spansOf } from "./offsets";
import { tokenOf } from "./token";
import { nestedRepetition, patternsIn } from "./patterns";

/** A parsed tokenizer.json, and the parsed tokenizer_config.json beside it, or {}. */
export interface TokenizerFiles {
  json: Record<string, unknown>;
  config: Record<string, unknown>;
}

export interface EncodeOptions {
  /** A second text, such as the answer to a question. */
  pair?: string;
  /** Start, end and separating tokens as the tokenizer has them; by default they are added. */
  special?: boolean;
  /** The most tokens of all, special ones included; of two texts the longer is cut. */
  length?: number;
  /** Which end of a text is cut off. */
  cut?: "left" | "right";
  /** Whether it is wanted where in the texts each token comes from; takes about as long again. */
  offsets?: boolean;
}
export interface Encoded {
  ids: number[];
  /** 0 for tokens of the first text, 1 for those of the second, as the tokenizer says. */
  types: number[];
  /** The tokens of the texts before anything was cut off, without special ones. */
  tokens: readonly string[];
  /** How many there were in all, special ones included. */
  whole: number;
  /**
   * Start and end of each id in its text, in code points; 0, 0 for special tokens that are put around the texts. Left
   * out where it was not asked for, or where a part of the tokenizer cannot be followed.
   */
  offsets?: Span[];
}

/** A tokenizer that can be used. */
export interface OpenTokenizer {
  encode(text: string, options?: EncodeOptions): Encoded;
  /** Ids to a text; special tokens are left out unless they are asked for. */
  decode(ids: readonly number[], options?: { special?: boolean }): string;
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
  /** Ids that exist: one more than the largest. */
  size: number;
  /** The id of a role such as "eos_token", where the configuration or the tokenizer names it. */
  roleId(role: SpecialRole): number | undefined;
}
export type SpecialRole =
  | "bos_token"
  | "eos_token"
  | "pad_token"
  | "unk_token"
  | "cls_token"
  | "sep_token"
  | "mask_token";

const opened = new WeakMap<TokenizerFiles, OpenTokenizer>();

/** Opens a tokenizer; building its tables costs more than using them once, so the same files give the same one. */
export function openTokenizer(files: TokenizerFiles): OpenTokenizer {
  const known = opened.get(files) ?? openFiles(files);
  opened.set(files, known);
  return known;
}

function openFiles({ json, config }: TokenizerFiles): OpenTokenizer {
  refuseEndlessPatterns(json);
  const tokenizer = built(json, config);
  const idOf = (token: string) => tokenizer.token_to_id(token);
  const isSpecial = new Set(addedTokens(json).flatMap((token) => (token.special ? [token.id] : [])));
  return {
    idOf,
    tokenOf: (id) => tokenizer.id_to_token(id),
    size: tokenizer.model?.vocab.length ?? 0,
    roleId(role) {
      const named = tokenOf(config[role]);
      return named === undefined ? undefined : idOf(named);
    },
    encode: (text, options = {}) => encode(tokenizer, text, options),
    decode(ids, { special = false } = {}) {
      const kept = special ? [...ids] : ids.filter((id) => !isSpecial.has(id));
      return kept.length ? tokenizer.decode(kept, { skip_special_tokens: !special }) : "";
    },
  };
}

function refusal(reason: string, mark = ": "): Error {
  return Object.assign(new Error(`The tokenizer cannot be read${mark}${reason}.`), {
    hint: "Load the tokenizer.json of a Hugging Face model, or train a tokenizer.",
  });
}

function refuseEndlessPatterns(json: Record<string, unknown>): void {
  for (const { path, pattern } of patternsIn(json)) {
    const nested = nestedRepetition(pattern);
    const shown = nested && nested.length > 60 ? `${nested.slice(0, 60)}…` : nested;
    if (shown) throw refusal(`${path} repeats what repeats, ${shown}, and could take endless time`);
  }
}

function built(json: Record<string, unknown>, config: Record<string, unknown>): Tokenizer {
  try {
    const complete = {
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
      ...json,
    };
    const { remove_space: _space, do_lowercase_and_remove_accent: _accents, ...used } = config;
    const cleansUp = used.clean_up_tokenization_spaces === true && !(isPairs(json) && used[evenPairs] !== true);
    const tokenizer = new Tokenizer(complete, { ...used, clean_up_tokenization_spaces: cleansUp });
    mend(tokenizer);
    return tokenizer;
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.replace(/\.$/, "") : "it is of no known kind";
    throw Object.assign(refusal(said, ". "), { cause });
  }
}

/**
 * Whether tokens are merged pairs: these hold their spaces, so that taking some away in front of punctuation would
 * spoil texts. Many files ask for it all the same; transformers 5 does it only where they insist.
 */
const isPairs = ({ model }: Record<string, unknown>): boolean =>
  typeof model === "object" && model !== null && "merges" in model;
const evenPairs = "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output";

function encode(tokenizer: Tokenizer, text: string, options: EncodeOptions): Encoded {
  const { pair, special = true, length = Number.POSITIVE_INFINITY, cut = "right" } = options;
  const own = tokenizer.tokenize(text);
  const other = pair === undefined ? null : tokenizer.tokenize(pair);
  const joined = (first: string[], second: string[] | null) => tokenizer.post_processor?.(first, second, special);
  const added = joined([], other && [])?.tokens.length ?? 0;
  const whole = own.length + (other?.length ?? 0) + added;
  const room = Math.max(0, length - added);
  const [first, second] = fitted(own.length, other?.length ?? 0, room);
  const kept = <T>(tokens: T[], count: number): T[] =>
    cut === "left" ? tokens.slice(tokens.length - count) : tokens.slice(0, count);
  const done = joined(kept(own, first), other && kept(other, second));
  const packed = done?.tokens ?? [];
  const encoded = {
    ids: packed.map((token) => tokenizer.token_to_id(token) ?? tokenizer.model?.unk_token_id ?? 0),
    types: done?.token_type_ids ?? packed.map(() => 0),
    tokens: other ? [...own, ...other] : own,
    whole,
  };
  if (!options.offsets) return encoded;
  const spans = [spansOf(tokenizer, text, own), other ? spansOf(tokenizer, pair ?? "", other) : []];
  const [ownSpans, otherSpans] = spans;
  if (!ownSpans || !otherSpans) return encoded;
  const marked = [marksOf(kept(ownSpans, first)), marksOf(kept(otherSpans, second))] as const;
  const places = joined(marked[0], other && marked[1])?.tokens ?? [];
  return { ...encoded, offsets: places.map(placeOf) };
}

/** Spans as tokens that no tokenizer has: what joins two texts looks at none, and so they come out at their places. */
const mark = "\u{10ffff}";
const marksOf = (spans: readonly Span[]): string[] => spans.map((span) => mark + span.join());
function placeOf(token: string): Span {
  const [start = 0, end = 0] = token.startsWith(mark) ? token.slice(mark.length).split(",").map(Number) : [];
  return [start, end];
}

/** How many tokens of two texts stay: the longer one is cut, until both are equally long; the second keeps one more. */
function fitted(first: number, second: number, room: number): [number, number] {
  if (first + second <= room) return [first, second];
  const shorter = Math.min(first, second);
  if (room >= 2 * shorter) return first > second ? [room - second, second] : [first, room - first];
  const half = Math.floor(room / 2);
  return first > second ? [room - half, half] : [half, room - half];
}

interface AddedToken {
  id: number;
  content: string;
  special: boolean;
}
const addedTokens = (json: Record<string, unknown>): AddedToken[] =>
  Array.isArray(json.added_tokens) ? (json.added_tokens as AddedToken[]) : [];
