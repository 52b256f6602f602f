/** Numbers that are worked out of what several nodes gave. */
import { bySize, bySynonym } from "#models/shape-caps/captions";
import type { Tensor } from "#nodes/core/values";

/**
 * The chance that a row which counts has a higher score than one that does not (Mann & Whitney); a tie is half.
 * `scores` [N], `kinds` [N].
 */
export function areaUnderCurve(scores: unknown, kinds: unknown, counts: (row: ScoredRow) => boolean): number {
  const rows = rowsOf(scores, kinds);
  const high = rows.filter(counts);
  const low = rows.filter((row) => !counts(row));
  let wins = 0;
  for (const { score } of high) {
    for (const other of low) wins += (1 + Math.sign(score - other.score)) / 2;
  }
  return wins / (high.length * low.length);
}

/** By how much each pair's score of a match is above that of none. `logits` [N, 2]: no match, match → [N]. */
export function matchMargins(logits: unknown): Pick<Tensor, "data"> {
  const { data } = logits as Tensor;
  const scoreOf = (row: number, column: number) => Number(data[2 * row + column]);
  return { data: Float32Array.from({ length: data.length / 2 }, (_, row) => scoreOf(row, 1) - scoreOf(row, 0)) };
}

/** The same of a matching head's scores, where pairs count of which `noise` says that nothing was spoiled. */
export const areaOfMatches = (logits: unknown, noise: unknown): number =>
  areaUnderCurve(matchMargins(logits), noise, ({ kind }) => kind === "none");

/** A row with its score, or whether it stays, and of what kind it is. */
export interface ScoredRow {
  score: number;
  kind: string;
}

/** Of the rows that are asked about the share that something is true of. */
export function shareOf(
  scores: unknown,
  kinds: unknown,
  isAsked: (row: ScoredRow) => boolean,
  isTrue: (row: ScoredRow) => boolean,
): number {
  const asked = rowsOf(scores, kinds).filter(isAsked);
  return asked.filter(isTrue).length / (asked.length || 1);
}

/** The share of captions of one object that say what the true ones say, in whatever words. */
export function shareRight(captions: unknown, truths: unknown): number {
  const wanted = (truths as readonly string[]).map(meaningOf);
  const right = (captions as readonly string[]).filter((caption, row) => meaningOf(caption) === wanted[row]);
  return right.length / wanted.length;
}

const plainWords = new Map(Object.entries({ ...bySize, ...bySynonym }).map(([plain, other]) => [other, plain]));
const fillers = new Set(["a", "picture", "of"]);

function meaningOf(caption: string): string {
  const words = caption.split(" ").map((word) => plainWords.get(word) ?? word);
  return words
    .filter((word) => !fillers.has(word))
    .sort()
    .join(" ");
}

function rowsOf(scores: unknown, kinds: unknown): ScoredRow[] {
  const numbers = Array.from((scores as Tensor).data as ArrayLike<number | bigint>, Number);
  return numbers.map((score, row) => ({ score, kind: (kinds as readonly string[])[row] ?? "" }));
}
