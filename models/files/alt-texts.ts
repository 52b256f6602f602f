/** Which pairs of a picture and its alternative text from the web are worth learning from (Jia et al. 2021, §3.1). */

/** ALIGN's rules, and how far each goes. */
export interface AltTextRules {
  /** A picture with more texts than this goes with all of them. */
  textsOfPicture: number;
  /** A text that more pictures than this share says nothing about one of them. */
  picturesOfText: number;
  /** How few and how many words a text may have. */
  fewestWords: number;
  mostWords: number;
  /** So many most frequent words, and pairs of words, are known; a text with any other goes. 0: all are known. */
  frequent: number;
  /** The shorter side of a picture must be longer than this, in pixels. */
  shorterSide: number;
  /** The longer side must be less than so many times the shorter one. */
  aspect: number;
}

/** A picture and its text. Pictures of one name are one picture. */
export interface Pair {
  picture: string;
  text: string;
  size?: { width: number; height: number };
}

/** Why a pair is left out: the first rule that says so. */
export type AltTextFault = "small" | "aspect" | "many texts" | "many pictures" | "short" | "long" | "rare words";

/** What is wrong with each pair; undefined where nothing is. Counts are those of all pairs that are given. */
export function altTextFaults(pairs: readonly Pair[], rules: AltTextRules): (AltTextFault | undefined)[] {
  const texts = distinctBy(
    pairs,
    ({ picture }) => picture,
    ({ text }) => text,
  );
  const pictures = distinctBy(
    pairs,
    ({ text }) => text,
    ({ picture }) => picture,
  );
  const known = rules.frequent ? frequentIn(pairs, rules.frequent) : undefined;
  return pairs.map(({ picture, text, size }) => {
    const sides = size ? [size.width, size.height].sort((a, b) => a - b) : undefined;
    const [shorter = Number.POSITIVE_INFINITY, longer = shorter] = sides ?? [];
    if (shorter <= rules.shorterSide) return "small";
    if (sides && longer / shorter >= rules.aspect) return "aspect";
    if ((texts.get(picture)?.size ?? 0) > rules.textsOfPicture) return "many texts";
    if ((pictures.get(text)?.size ?? 0) > rules.picturesOfText) return "many pictures";
    const words = wordsOf(text);
    if (words.length < rules.fewestWords) return "short";
    if (words.length > rules.mostWords) return "long";
    return known && !isKnown(words, known) ? "rare words" : undefined;
  });
}

/** By one name of a pair all its other names, each once. */
function distinctBy(pairs: readonly Pair[], key: (pair: Pair) => string, other: (pair: Pair) => string) {
  const found = new Map<string, Set<string>>();
  for (const pair of pairs) {
    const names = found.get(key(pair)) ?? new Set<string>();
    found.set(key(pair), names.add(other(pair)));
  }
  return found;
}

/** Words in small letters: what stands between spaces, without the marks around it. */
const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/\s+/u)
    .map((word) => word.replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ""))
    .filter(Boolean);

const pairsOf = (words: readonly string[]): string[] => words.slice(1).map((word, i) => `${words[i]} ${word}`);

/** The most frequent words and pairs of words, counted together; of equally frequent ones those that come first. */
function frequentIn(pairs: readonly Pair[], most: number): Set<string> {
  const counts = new Map<string, number>();
  for (const { text } of pairs) {
    const words = wordsOf(text);
    for (const token of [...words, ...pairsOf(words)]) counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  const ranked = [...counts].sort(([, a], [, b]) => b - a).slice(0, most);
  return new Set(ranked.map(([token]) => token));
}

/** Whether every word is frequent, alone or beside a word before or behind it. */
function isKnown(words: readonly string[], known: ReadonlySet<string>): boolean {
  const beside = pairsOf(words).map((pair) => known.has(pair));
  return words.every((word, i) => known.has(word) || beside[i - 1] || beside[i]);
}
