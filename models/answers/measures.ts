/** How far an answer to a question about a picture is right, from 0 to 1, as the common benchmarks define it. */
import { normalizedAnswer, trimmedAnswer } from "./vqa-words";

/** Whether letters and case must agree, the letters alone, or the words as VQA's evaluation reads them. */
export type Comparison = "as written" | "without case" | "VQA words";

/** 1 when the answer is one of the right ones, spaces around them aside. */
export function exactMatch(answer: string, truths: readonly string[], comparison: Comparison): number {
  const form = formOf[comparison];
  const given = form(answer);
  return truths.some((truth) => form(truth) === given) ? 1 : 0;
}

const formOf: Record<Comparison, (answer: string) => string> = {
  "as written": trimmedAnswer,
  "without case": (answer) => trimmedAnswer(answer).toLowerCase(),
  "VQA words": (answer) => normalizedAnswer(trimmedAnswer(answer)),
};

/**
 * VQA's accuracy (Antol et al. 2015, §4; GT-Vision-Lab/VQA, vqaEval.py): an answer that three of the other annotators
 * gave counts fully, averaged over leaving out each annotator in turn. As there, words are normalized only where the
 * annotators differ.
 */
export function vqaAccuracy(answer: string, annotators: readonly string[]): number {
  const trimmed = annotators.map(trimmedAnswer);
  const differ = new Set(trimmed).size > 1;
  const form = differ ? normalizedAnswer : (text: string) => text;
  const given = form(trimmedAnswer(answer));
  const agrees = trimmed.map((text) => form(text) === given);
  const agreeing = agrees.filter(Boolean).length;
  const shares = agrees.map((own) => Math.min(1, (agreeing - (own ? 1 : 0)) / 3));
  return shares.reduce((sum, share) => sum + share, 0) / (shares.length || 1);
}

/**
 * ChartQA's relaxed accuracy (Masry et al. 2022, §5.1; Methani et al. 2020): a number may be off by a share of the
 * right one, with "%" a hundredth; what is no number, or right when it is 0, must agree but for case.
 */
export function relaxedMatch(answer: string, truths: readonly string[], tolerance = 0.05): number {
  const given = trimmedAnswer(answer);
  return truths.some((truth) => isNear(given, trimmedAnswer(truth), tolerance)) ? 1 : 0;
}

function isNear(answer: string, truth: string, tolerance: number): boolean {
  const given = numberIn(answer);
  const right = numberIn(truth);
  if (given === undefined || !right) return answer.toLowerCase() === truth.toLowerCase();
  return Math.abs(given - right) / Math.abs(right) <= tolerance;
}

/** The number that a text is, "12 %" as 0.12; undefined where it is none. */
function numberIn(text: string): number | undefined {
  const isShare = text.endsWith("%");
  const digits = (isShare ? text.slice(0, -1) : text).trim();
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(digits) ? Number(digits) : Number.NaN;
  if (Number.isNaN(number)) return undefined;
  return isShare ? number / 100 : number;
}

/**
 * The normalized Levenshtein similarity to the nearest right answer, 0 below the threshold (ANLS: Biten et al. 2019,
 * eq. 1; the evaluation of DocVQA): 1 − distance / length of the longer one, in small letters, with single spaces.
 */
export function levenshteinSimilarity(answer: string, truths: readonly string[], threshold = 0.5): number {
  const given = singleSpaced(answer);
  const best = Math.max(0, ...truths.map((truth) => similarity(given, singleSpaced(truth))));
  return best < threshold ? 0 : best;
}

const singleSpaced = (text: string): string[] => [...text.trim().toLowerCase().split(/\s+/).join(" ")];

function similarity(a: readonly string[], b: readonly string[]): number {
  const longer = Math.max(a.length, b.length);
  return longer === 0 ? 1 : 1 - editDistance(a, b) / longer;
}

/** How many letters must be put in, taken out or changed, letters being code points. */
function editDistance(a: readonly string[], b: readonly string[]): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of a.entries()) {
    const row = [i + 1];
    for (const [j, other] of b.entries()) {
      const changed = (above[j] as number) + (letter === other ? 0 : 1);
      row.push(Math.min(changed, (above[j + 1] as number) + 1, (row[j] as number) + 1));
    }
    above = row;
  }
  return above[b.length] as number;
}
