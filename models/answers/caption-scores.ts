/** How near captions are to those that people wrote: BLEU, ROUGE-L and CIDEr-D, as COCO's evaluation defines them. */
import { captionTokens } from "./caption-tokens";

/** The longest word sequences that are counted. */
const longest = 4;
/** How much ROUGE-L prefers recall (pycocoevalcap, rouge.py). */
const beta = 1.2;
/** How fast CIDEr-D falls with a difference in length (Vedantam et al. 2015, §4). */
const sigma = 6;

type Counts = ReadonlyMap<string, number>;

/** What is known of a caption: its words, and how often it has each sequence of one word, of two, of three, of four. */
interface Counted {
  words: readonly string[];
  /** By length − 1. */
  sequences: readonly Counts[];
}

/** The scores of candidates, each against its references. */
export class CaptionScores {
  readonly #rows: { candidate: Counted; references: readonly Counted[] }[] = [];

  /** Adds a row; its ROUGE-L (Lin 2004; rouge.py), the F of the best precision and the best recall. */
  add(candidate: string, references: readonly string[]): number {
    const row = { candidate: countedIn(candidate), references: references.map(countedIn) };
    this.#rows.push(row);
    return rougeOf(row.candidate, row.references);
  }

  /**
   * BLEU-1 to BLEU-4 of all (Papineni et al. 2002; bleu_scorer.py): precisions of the whole corpus, each sequence
   * counted at most as often as in one reference, times the penalty of short ones beside the nearest references.
   */
  bleu(): number[] {
    const right = Array.from({ length: longest }, () => 0);
    const made = Array.from({ length: longest }, () => 0);
    let candidateLength = 0;
    let referenceLength = 0;
    for (const { candidate, references } of this.#rows) {
      candidateLength += candidate.words.length;
      referenceLength += nearestLength(candidate, references);
      for (let n = 0; n < longest; n++) {
        made[n] = (made[n] as number) + Math.max(0, candidate.words.length - n);
        right[n] = (right[n] as number) + sharedCount(candidate, references, n);
      }
    }
    // The small numbers are those of bleu_scorer.py, which keep an empty candidate from dividing by nothing.
    const ratio = (candidateLength + 1e-15) / (referenceLength + 1e-9);
    const penalty = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1;
    let product = 1;
    return right.map((count, n) => {
      product *= (count + 1e-15) / ((made[n] as number) + 1e-9);
      return product ** (1 / (n + 1)) * penalty;
    });
  }

  /** ROUGE-L, the mean of rows. */
  rougeL(): number {
    return mean(this.#rows.map(({ candidate, references }) => rougeOf(candidate, references)));
  }

  /**
   * CIDEr-D of each row (Vedantam et al. 2015, eq. 3; cider_scorer.py): ten times the mean over lengths and references
   * of the clipped cosine of counts times the logarithm of how rare a sequence is among the rows' references. Of a
   * single row it is 0: nothing is rare then.
   */
  ciderD(): number[] {
    const found = this.#documentCounts();
    const rarity = (sequence: string) => Math.log(this.#rows.length) - Math.log(Math.max(1, found.get(sequence) ?? 0));
    return this.#rows.map(({ candidate, references }) => {
      const own = vectorOf(candidate, rarity);
      const sum = references.reduce((total, reference) => total + similarity(own, vectorOf(reference, rarity)), 0);
      return (10 * sum) / references.length;
    });
  }

  /** In the references of how many rows a sequence is. */
  #documentCounts(): Counts {
    const found = new Map<string, number>();
    for (const { references } of this.#rows) {
      const inRow = new Set(references.flatMap(({ sequences }) => sequences.flatMap((counts) => [...counts.keys()])));
      for (const sequence of inRow) found.set(sequence, (found.get(sequence) ?? 0) + 1);
    }
    return found;
  }
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / (numbers.length || 1);

function countedIn(caption: string): Counted {
  const words = captionTokens(caption);
  const sequences = Array.from({ length: longest }, (_, n) => {
    const counts = new Map<string, number>();
    for (let start = 0; start + n < words.length; start++) {
      const sequence = words.slice(start, start + n + 1).join(" ");
      counts.set(sequence, (counts.get(sequence) ?? 0) + 1);
    }
    return counts;
  });
  return { words, sequences };
}

/** The length of the reference that is nearest to the candidate's, of two the shorter. */
function nearestLength({ words }: Counted, references: readonly Counted[]): number {
  const lengths = references.map((reference) => reference.words.length);
  const distance = (length: number) => Math.abs(length - words.length);
  return lengths.reduce((best, length) => {
    const nearer = distance(length) - distance(best);
    return nearer < 0 || (nearer === 0 && length < best) ? length : best;
  });
}

/**
 * How many of the candidate's sequences of n + 1 words a reference has, each at most as often as one of them has it.
 */
function sharedCount(candidate: Counted, references: readonly Counted[], n: number): number {
  let shared = 0;
  for (const [sequence, count] of candidate.sequences[n] as Counts) {
    const most = Math.max(...references.map(({ sequences }) => sequences[n]?.get(sequence) ?? 0));
    shared += Math.min(count, most);
  }
  return shared;
}

function rougeOf(candidate: Counted, references: readonly Counted[]): number {
  const common = references.map((reference) => commonLength(candidate.words, reference.words));
  // rouge.py splits at spaces, so that a caption of no words counts as one empty word.
  const precision = Math.max(...common) / Math.max(1, candidate.words.length);
  const recall = Math.max(...common.map((length, i) => length / Math.max(1, references[i]?.words.length ?? 0)));
  if (!precision || !recall) return 0;
  return ((1 + beta ** 2) * precision * recall) / (recall + beta ** 2 * precision);
}

/** The length of the longest common subsequence. */
function commonLength(words: readonly string[], others: readonly string[]): number {
  let above = Array.from({ length: others.length + 1 }, () => 0);
  for (const word of words) {
    const row = [0];
    for (const [j, other] of others.entries())
      row.push(word === other ? (above[j] as number) + 1 : Math.max(above[j + 1] as number, row[j] as number));
    above = row;
  }
  return above[others.length] as number;
}

/** A caption's weights of sequences by length − 1, their norms, and how many pairs of words it has. */
interface Vector {
  weights: readonly Counts[];
  norms: readonly number[];
  pairs: number;
}

function vectorOf({ words, sequences }: Counted, rarity: (sequence: string) => number): Vector {
  const weights = sequences.map(
    (counts) => new Map([...counts].map(([sequence, count]) => [sequence, count * rarity(sequence)])),
  );
  const norms = weights.map((weight) => Math.hypot(...weight.values()));
  return { weights, norms, pairs: Math.max(0, words.length - 1) };
}

/** The mean over lengths of sequences of the clipped cosine, less where lengths differ. */
function similarity(candidate: Vector, reference: Vector): number {
  const cosines = candidate.weights.map((weights, n) => {
    const norm = (candidate.norms[n] as number) * (reference.norms[n] as number);
    let product = 0;
    for (const [sequence, weight] of weights) {
      const other = reference.weights[n]?.get(sequence) ?? 0;
      product += Math.min(weight, other) * other;
    }
    return norm ? product / norm : product;
  });
  return mean(cosines) * Math.exp(-((candidate.pairs - reference.pairs) ** 2) / (2 * sigma ** 2));
}
