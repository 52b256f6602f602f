/**
 * A tokenizer from the files that a model's folder holds: tokenizer.json, or else what older models have, vocab.json
 * with merges.txt (byte-level BPE of GPT-2, RoBERTa and CLIP) or vocab.txt (WordPiece of BERT); and its chat template.
 */
import { clipReading } from "../bpe";
import { decodeText } from "../text";
import type { TokenizerFiles } from "./open";
import { tokenOf } from "./token";

/** The files that are looked at, those first that say most. */
export const tokenizerFileNames = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "vocab.txt",
  "chat_template.jinja",
  "chat_template.json",
] as const;
/** The files of a tokenizer that are there, by name. */
export type TokenizerBytes = { [name in (typeof tokenizerFileNames)[number]]?: Uint8Array };

const largest = 64 * 2 ** 20;

/** Throws sentences that name the file that is missing or damaged. */
export function tokenizerFromFiles(files: TokenizerBytes): TokenizerFiles {
  for (const [name, bytes] of Object.entries(files)) {
    if (bytes.byteLength > largest) throw refusal(`it has more than ${largest / 2 ** 20} MiB`, name);
  }
  const config = { ...jsonOf(files, "special_tokens_map.json"), ...jsonOf(files, "tokenizer_config.json") };
  const template = templateOf(files);
  if (template !== undefined) config.chat_template = template;
  return { json: jsonOf(files, "tokenizer.json") ?? fromVocabulary(files, config), config };
}

function refusal(reason: string, file = "The tokenizer"): Error {
  return Object.assign(new Error(`${file} cannot be read: ${reason}.`), {
    hint: "Load the tokenizer.json of a Hugging Face model; older models have vocab.json and merges.txt, or vocab.txt.",
  });
}

function jsonOf(files: TokenizerBytes, name: keyof TokenizerBytes): Record<string, unknown> | undefined {
  const bytes = files[name];
  if (!bytes) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(decodeText(bytes));
  } catch {
    throw refusal("it is no JSON", name);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refusal("it holds no object", name);
  return value as Record<string, unknown>;
}

function templateOf(files: TokenizerBytes): string | undefined {
  const bytes = files["chat_template.jinja"];
  if (bytes) return decodeText(bytes);
  const { chat_template: template } = jsonOf(files, "chat_template.json") ?? {};
  return typeof template === "string" ? template : undefined;
}

function fromVocabulary(files: TokenizerBytes, config: Record<string, unknown>): Record<string, unknown> {
  const { "vocab.json": vocabulary, "merges.txt": merges, "vocab.txt": words } = files;
  if (vocabulary && merges) {
    const vocab = checkedVocabulary(jsonOf(files, "vocab.json") ?? {});
    return withAdded(bytePairs(vocab, mergesOf(decodeText(merges)), config), files, config, vocab);
  }
  if (words) {
    const lines = decodeText(words).replace(/\n$/, "").split(/\r?\n/);
    const vocab = Object.fromEntries(lines.map((token, id) => [token, id]));
    return withAdded(wordPieces(vocab, config), files, config, vocab);
  }
  throw refusal(vocabulary ? "there is a vocab.json, but no merges.txt" : "there is no tokenizer.json");
}

function checkedVocabulary(json: Record<string, unknown>): Record<string, number> {
  const wrong = Object.entries(json).find(([, id]) => !Number.isSafeInteger(id) || (id as number) < 0);
  if (wrong) throw refusal(`it gives “${wrong[0].slice(0, 40)}” no id`, "vocab.json");
  return json as Record<string, number>;
}

const mergesOf = (text: string): string[] =>
  text.split(/\r?\n/).filter((line) => line.trim() && !line.startsWith("#version"));

type Vocabulary = Record<string, number>;
type Json = Record<string, unknown>;

const nothing = { truncation: null, padding: null, normalizer: null, pre_tokenizer: null, post_processor: null };
const byteLevel = (space: boolean) => ({ type: "ByteLevel", add_prefix_space: space, trim_offsets: true });

/** GPT-2's form, with RoBERTa's ends where there are its tokens; CLIP's where words end in a mark of their own. */
function bytePairs(vocab: Vocabulary, merges: string[], config: Json): Json {
  const isClip = Object.hasOwn(vocab, "a</w>");
  const ends = endsOf(vocab, config, isClip);
  const space = config.add_prefix_space === true;
  return {
    ...nothing,
    ...(isClip ? clipReading(clipPattern) : { pre_tokenizer: { ...byteLevel(space), use_regex: true } }),
    post_processor: ends ?? { ...byteLevel(true), trim_offsets: false },
    decoder: { ...byteLevel(true), use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: isClip ? tokenOf(config.unk_token) : null,
      continuing_subword_prefix: "",
      end_of_word_suffix: isClip ? "</w>" : "",
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges,
    },
  };
}

/** CLIP's pattern, as transformers writes it. */
const clipPattern = [
  String.raw`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d`,
  String.raw`[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`,
].join("|");

/** Tokens around a text, where the model's class has them: RoBERTa's and CLIP's, not GPT-2's. */
function endsOf(vocab: Vocabulary, config: Json, isClip: boolean): Json | undefined {
  const isRoberta = Object.hasOwn(vocab, "<s>") && Object.hasOwn(vocab, "</s>");
  if (!isClip && !isRoberta) return undefined;
  const first = tokenOf(config[isClip ? "bos_token" : "cls_token"]) ?? (isClip ? "<|startoftext|>" : "<s>");
  const last = tokenOf(config[isClip ? "eos_token" : "sep_token"]) ?? (isClip ? "<|endoftext|>" : "</s>");
  const [cls, sep] = [vocab[first], vocab[last]];
  if (cls === undefined || sep === undefined) return undefined;
  return {
    type: "RobertaProcessing",
    cls: [first, cls],
    sep: [last, sep],
    trim_offsets: true,
    add_prefix_space: false,
  };
}

function wordPieces(vocab: Vocabulary, config: Json): Json {
  const named = (role: string, otherwise: string) => tokenOf(config[role]) ?? otherwise;
  const [cls, sep, unknown] = [named("cls_token", "[CLS]"), named("sep_token", "[SEP]"), named("unk_token", "[UNK]")];
  const missing = [cls, sep, unknown].find((token) => !Object.hasOwn(vocab, token));
  if (missing) throw refusal(`it has no line ${missing}`, "vocab.txt");
  return {
    ...nothing,
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: config.tokenize_chinese_chars !== false,
      strip_accents: config.strip_accents ?? null,
      lowercase: config.do_lower_case !== false,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: { type: "BertProcessing", cls: [cls, vocab[cls]], sep: [sep, vocab[sep]] },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: unknown,
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}

/** With the special tokens that the configuration names, and those of added_tokens.json. */
function withAdded(json: Json, files: TokenizerBytes, config: Json, vocab: Vocabulary): Json {
  const roles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];
  const usual = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "<s>",
    "</s>",
    "<pad>",
    "<unk>",
    "<mask>",
    "<|endoftext|>",
    "<|startoftext|>",
  ];
  const more = checkedVocabulary(jsonOf(files, "added_tokens.json") ?? {});
  const names = [...roles.flatMap((role) => tokenOf(config[role]) ?? []), ...usual, ...Object.keys(more)];
  const added = [...new Set(names)].flatMap((content) => {
    const id = more[content] ?? vocab[content];
    if (id === undefined) return [];
    const lstrip = content === "<mask>";
    return [{ id, content, single_word: false, lstrip, rstrip: false, normalized: false, special: true }];
  });
  return { version: "1.0", ...json, added_tokens: added.sort((a, b) => a.id - b.id) };
}
