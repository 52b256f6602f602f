/** CLIP's splitting of lower-cased text into words, numbers and marks. */
const pattern = String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;
export const specials = { start: "<|startoftext|>", end: "<|endoftext|>" } as const;

/**
 * Learns a byte-level BPE vocabulary in CLIP's form (Radford et al. 2021, simple_tokenizer): 256 bytes, 256 bytes that
 * end a word, one entry for each merge, and the two special tokens last, so that the end token has the highest id.
 * Returns a Hugging Face tokenizer.json. Ties are broken by text, so equal texts give an equal vocabulary.
 */
export function trainBpe(words: ReadonlyMap<string, number>, vocabularySize: number): Record<string, unknown> {
  const standIns = byteStandIns();
  const room = vocabularySize - 2 * standIns.length - 2;
  const merges = learnMerges(spelled(words, standIns), room);
  const tokens = [
    ...standIns,
    ...standIns.map((symbol) => `${symbol}</w>`),
    ...merges.map((merge) => merge.replace(" ", "")),
    specials.start,
    specials.end,
  ];
  return tokenizerJson(Object.fromEntries(tokens.map((token, id) => [token, id])), merges);
}

/** What stands first in a vocabulary of word pieces: padding, an id that is never used, and BERT's own tokens. */
export const pieceSpecials = ["[PAD]", "[unused]", "[CLS]", "[SEP]", "[MASK]", "[UNK]"] as const;

/**
 * Learns a vocabulary of word pieces from words, as the trainer of Hugging Face's tokenizers does: BERT's special
 * tokens, letters, letters within words with ## before them, and what pairs of them are joined to, the most frequent
 * first. Ties are broken by text. The tokens in the order of their ids.
 */
export function trainWordPieces(words: ReadonlyMap<string, number>, vocabularySize: number): string[] {
  const split = [...words].map(([word, count]): Word => {
    const symbols = Array.from(word, (letter, i) => (i ? `${pieceMark}${letter}` : letter));
    return { symbols, count };
  });
  const letters = [...new Set(split.flatMap(({ symbols }) => symbols))].sort();
  const known: string[] = [...pieceSpecials, ...letters].slice(0, vocabularySize);
  const merges = learnMerges(split, vocabularySize - known.length, joinedPieces);
  const tokens = merges.map((merge) => joinedPieces(...(merge.split(" ") as [string, string])));
  return [...new Set([...known, ...tokens])];
}

/** What a piece begins with that goes on with a word. */
const pieceMark = "##";
const joinedPieces = (left: string, right: string): string => left + right.slice(pieceMark.length);

/** Adds the words of some texts to how often each occurs: all that a vocabulary is learned from. */
export function countWords(texts: Iterable<string>, counts: Map<string, number>): void {
  const splitter = new RegExp(pattern, "gu");
  for (const text of texts) {
    for (const [word] of clean(text).matchAll(splitter)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
}

/** GPT-2's printable stand-ins for the 256 bytes, by byte. */
function byteStandIns(): string[] {
  const isPrintable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}

/** A word as the symbols it is made of now, and how often it occurs. */
interface Word {
  symbols: string[];
  count: number;
}

/** Words spelled in bytes, the last of which ends the word. */
function spelled(words: ReadonlyMap<string, number>, standIns: readonly string[]): Word[] {
  const encoder = new TextEncoder();
  return [...words].map(([word, count]) => {
    const symbols = Array.from(encoder.encode(word), (byte) => standIns[byte] as string);
    symbols.push(`${symbols.pop()}</w>`);
    return { symbols, count };
  });
}

/** The most frequent pairs, "left right", joined one after the other, until there are enough or none occurs twice. */
function learnMerges(words: readonly Word[], room: number, join: Join = (left, right) => left + right): string[] {
  const pairs = new Map<string, { count: number; words: Set<Word> }>();
  // A merge only touches the words that hold its pair.
  const count = (word: Word, sign: 1 | -1) => {
    for (const [i, symbol] of word.symbols.slice(0, -1).entries()) {
      const name = `${symbol} ${word.symbols[i + 1]}`;
      const pair = pairs.get(name) ?? { count: 0, words: new Set() };
      pair.count += sign * word.count;
      if (sign > 0) pair.words.add(word);
      pairs.set(name, pair);
    }
  };
  for (const word of words) count(word, 1);
  const merges: string[] = [];
  while (merges.length < room) {
    const best = mostFrequent(pairs);
    if (best === undefined) break;
    merges.push(best);
    const [left, right] = best.split(" ") as [string, string];
    for (const word of (pairs.get(best) as { words: Set<Word> }).words) {
      count(word, -1);
      word.symbols = joined(word.symbols, [left, right], join);
      count(word, 1);
    }
    pairs.delete(best);
  }
  return merges;
}

function mostFrequent(pairs: ReadonlyMap<string, { count: number }>): string | undefined {
  let best: string | undefined;
  let most = 1;
  for (const [name, { count }] of pairs) {
    if (count > most || (count === most && best !== undefined && name < best)) {
      best = name;
      most = count;
    }
  }
  return best;
}

/** What two symbols become together. */
type Join = (left: string, right: string) => string;

function joined(symbols: readonly string[], [left, right]: readonly [string, string], join: Join): string[] {
  const result: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    const isPair = symbols[i] === left && symbols[i + 1] === right;
    result.push(isPair ? join(left, right) : (symbols[i] as string));
    if (isPair) i++;
  }
  return result;
}

const clean = (text: string): string => text.normalize("NFC").replace(/\s+/g, " ").trim().toLowerCase();

function tokenizerJson(vocab: Record<string, number>, merges: readonly string[]): Record<string, unknown> {
  const special = (content: string) => ({
    id: vocab[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [special(specials.start), special(specials.end)],
    ...clipReading(pattern),
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: specials.end,
      continuing_subword_prefix: "",
      end_of_word_suffix: "</w>",
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges,
    },
  };
}

/** How a tokenizer.json of CLIP's form takes text apart, at a pattern's matches. */
export const clipReading = (pattern: string) => ({
  normalizer: {
    type: "Sequence",
    normalizers: [
      { type: "NFC" },
      { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
      { type: "Lowercase" },
    ],
  },
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [
      { type: "Split", pattern: { Regex: pattern }, behavior: "Removed", invert: true },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
});
