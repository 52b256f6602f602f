/** GPT-2's printable stand-ins for the 256 bytes, by byte. */
const standIns: readonly string[] = (() => {
  const printable = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(printable(b) ? b : next++));
})();

/** CLIP's splitting of lower-cased text into words, numbers and marks. */
const pattern = String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;
export const specials = { start: "<|startoftext|>", end: "<|endoftext|>" } as const;

/**
 * Learns a byte-level BPE vocabulary in CLIP's form (Radford et al. 2021, simple_tokenizer): 256 bytes, 256 bytes that
 * end a word, one entry for each merge, and the two special tokens last, so that the end token has the highest id.
 * Returns a Hugging Face tokenizer.json. Ties are broken by text, so equal texts give an equal vocabulary.
 */
export function trainBpe(texts: Iterable<string>, vocabularySize: number): Record<string, unknown> {
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const [word] of clean(text).matchAll(new RegExp(pattern, "gu"))) counts.set(word, (counts.get(word) ?? 0) + 1);
  const encoder = new TextEncoder();
  const words = [...counts].map(([word, count]) => {
    const symbols = Array.from(encoder.encode(word), (b) => standIns[b] as string);
    symbols.push(`${symbols.pop()}</w>`);
    return { symbols, count };
  });
  // Pairs, how often they occur, and in which words: a merge only touches the words that hold it.
  const pairs = new Map<string, { count: number; words: Set<number> }>();
  const count = (index: number, sign: 1 | -1) => {
    const { symbols, count } = words[index] as (typeof words)[number];
    for (let i = 0; i + 1 < symbols.length; i++) {
      const key = `${symbols[i]} ${symbols[i + 1]}`;
      const pair = pairs.get(key) ?? { count: 0, words: new Set() };
      pair.count += sign * count;
      if (sign > 0) pair.words.add(index);
      pairs.set(key, pair);
    }
  };
  for (const index of words.keys()) count(index, 1);
  const merges: string[] = [];
  const room = vocabularySize - 512 - 2;
  while (merges.length < room) {
    let best = "";
    let most = 1;
    for (const [key, pair] of pairs)
      if (pair.count > most || (pair.count === most && best !== "" && key < best)) [best, most] = [key, pair.count];
    if (best === "") break; // nothing occurs twice
    merges.push(best);
    const [left, right] = best.split(" ") as [string, string];
    for (const index of (pairs.get(best) as { words: Set<number> }).words) {
      count(index, -1);
      const word = words[index] as (typeof words)[number];
      const merged: string[] = [];
      for (let i = 0; i < word.symbols.length; i++) {
        const joins = word.symbols[i] === left && word.symbols[i + 1] === right;
        merged.push(joins ? left + right : (word.symbols[i] as string));
        if (joins) i++;
      }
      word.symbols = merged;
      count(index, 1);
    }
    pairs.delete(best);
  }
  const tokens = [
    ...standIns,
    ...standIns.map((s) => `${s}</w>`),
    ...merges.map((m) => m.replace(" ", "")),
    specials.start,
    specials.end,
  ];
  return tokenizerJson(Object.fromEntries(tokens.map((token, id) => [token, id])), merges);
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
