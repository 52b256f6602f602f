/**
 * What is done to the scores of the next token before one is chosen, row by row and in place: the processors of
 * transformers, in float32 as it computes. What is ruled out has the score −∞.
 */

/** What is known of the row whose scores they are. */
export interface RowSoFar {
  /** All of its tokens, the prompt's first. */
  tokens: readonly number[];
  /** How many of them were made, and are not the prompt's. */
  made: number;
}
export type Processor = (scores: Float32Array, row: RowSoFar) => void;

export interface Processing {
  repetitionPenalty: number;
  /** No run of so many tokens comes twice; 0: any may. */
  noRepeat: number;
  /** No end before so many tokens in all, and before so many new ones. */
  minLength: number;
  minNew: number;
  ends: readonly number[];
}
export interface Sampling {
  temperature: number;
  /** 0: all. */
  topK: number;
  topP: number;
  minP: number;
}

/** Those that every search applies, in transformers' order; such that change nothing are left out. */
export function processorsOf(how: Processing): Processor[] {
  return [
    ...(how.repetitionPenalty === 1 ? [] : [repetitionPenalty(how.repetitionPenalty)]),
    ...(how.noRepeat ? [noRepeat(how.noRepeat)] : []),
    ...(how.minLength ? [minLength(how.minLength, how.ends)] : []),
    ...(how.minNew ? [minNew(how.minNew, how.ends)] : []),
  ];
}

/** Those that shape what is drawn from, in transformers' order; each leaves `least` tokens at least. */
export function warpersOf(
  { temperature: heat, topK: best, topP: mass, minP: share }: Sampling,
  least = 1,
): Processor[] {
  return [
    ...(heat === 1 ? [] : [temperature(heat)]),
    ...(best ? [topK(Math.max(best, least))] : []),
    ...(mass < 1 ? [topP(mass, least)] : []),
    ...(share > 0 ? [minP(share, least)] : []),
  ];
}

export const temperature =
  (heat: number): Processor =>
  (scores) => {
    for (let i = 0; i < scores.length; i++) scores[i] = (scores[i] as number) / heat;
  };

/** Keeps the `count` best; those that are as good as the last of them too. */
export const topK =
  (count: number): Processor =>
  (scores) => {
    const least = largest(scores, Math.min(count, scores.length)).at(-1)?.score ?? Number.NEGATIVE_INFINITY;
    for (let i = 0; i < scores.length; i++) if ((scores[i] as number) < least) scores[i] = Number.NEGATIVE_INFINITY;
  };

/** Keeps the fewest best whose probabilities reach `mass` together. */
export const topP =
  (mass: number, least = 1): Processor =>
  (scores) => {
    const probabilities = softmax(scores);
    const worstFirst = indicesOf(scores).sort((a, b) => (scores[a] as number) - (scores[b] as number));
    let sum = 0;
    // the best stay in any case
    for (const i of worstFirst.slice(0, Math.max(0, worstFirst.length - least))) {
      sum = Math.fround(sum + (probabilities[i] as number));
      if (sum > Math.fround(1 - mass)) return;
      scores[i] = Number.NEGATIVE_INFINITY;
    }
  };

/** Keeps what has at least this share of the best one's probability. */
export const minP =
  (share: number, least = 1): Processor =>
  (scores) => {
    const probabilities = softmax(scores);
    const best = largest(probabilities, least).map(({ score }) => score);
    const bound = Math.min(best.at(-1) ?? 0, Math.fround((best[0] ?? 0) * share));
    for (let i = 0; i < scores.length; i++) {
      if ((probabilities[i] as number) < bound) scores[i] = Number.NEGATIVE_INFINITY;
    }
  };

/** Makes what was there already less likely: positive scores are divided, negative ones multiplied. */
export const repetitionPenalty =
  (penalty: number): Processor =>
  (scores, { tokens }) => {
    for (const token of new Set(tokens)) {
      const score = scores[token];
      if (score !== undefined) scores[token] = score < 0 ? score * penalty : score / penalty;
    }
  };

/** Rules out whatever would repeat a run of `length` tokens. */
export const noRepeat =
  (length: number): Processor =>
  (scores, { tokens }) => {
    const begun = tokens.length - length + 1;
    if (begun < 0) return;
    for (let start = 0; start + length <= tokens.length; start++) {
      let same = 0;
      while (same < length - 1 && tokens[start + same] === tokens[begun + same]) same++;
      if (same === length - 1) scores[tokens[start + same] as number] = Number.NEGATIVE_INFINITY;
    }
  };

export const minLength =
  (length: number, ends: readonly number[]): Processor =>
  (scores, { tokens }) => {
    if (tokens.length < length) ruleOut(scores, ends);
  };

export const minNew =
  (length: number, ends: readonly number[]): Processor =>
  (scores, { made }) => {
    if (made < length) ruleOut(scores, ends);
  };

function ruleOut(scores: Float32Array, tokens: readonly number[]): void {
  for (const token of tokens) if (token < scores.length) scores[token] = Number.NEGATIVE_INFINITY;
}

export interface Scored {
  index: number;
  score: number;
}

/** The best `count` of some scores, best first; of equal ones the first. */
export function largest(scores: Float32Array, count: number): Scored[] {
  if (count === 1) return scores.length ? [theLargest(scores)] : [];
  const best: Scored[] = [];
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index] as number;
    if (best.length === count && !(score > (best.at(-1) as Scored).score)) continue;
    let place = best.length;
    while (place > 0 && (best[place - 1] as Scored).score < score) place--;
    best.splice(place, 0, { index, score });
    if (best.length > count) best.pop();
  }
  return best;
}

function theLargest(scores: Float32Array): Scored {
  let index = 0;
  let score = scores[0] as number;
  for (let i = 1; i < scores.length; i++) {
    if ((scores[i] as number) > score) {
      index = i;
      score = scores[i] as number;
    }
  }
  return { index, score };
}

/** The places that are not ruled out. */
function indicesOf(scores: Float32Array): number[] {
  const places: number[] = [];
  for (let i = 0; i < scores.length; i++) if (scores[i] !== Number.NEGATIVE_INFINITY) places.push(i);
  return places;
}

/**
 * Logarithms of probabilities, each with noise, such that the best so many of them are drawn by the probabilities, none
 * twice (Gumbel's trick). What is ruled out stays so.
 */
export function disturb(logarithms: Float32Array, uniform: () => number): Float32Array {
  return logarithms.map((score) => score - Math.log(-Math.log(uniform() || Number.MIN_VALUE)));
}

export function softmax(scores: Float32Array): Float32Array {
  const sum = logSum(scores);
  return scores.map((score) => Math.exp(score - sum));
}

/** In place. */
export function logSoftmax(scores: Float32Array): void {
  const sum = logSum(scores);
  for (let i = 0; i < scores.length; i++) scores[i] = (scores[i] as number) - sum;
}

/** The logarithm of the sum of the exponentials. */
function logSum(scores: Float32Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) most = Math.max(most, scores[i] as number);
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += Math.exp((scores[i] as number) - most);
  return most + Math.log(sum);
}

/** Draws a token by the scores, with one uniform number in [0, 1). */
export function draw(scores: Float32Array, uniform: number): number {
  const probabilities = softmax(scores);
  let left = uniform;
  let last = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const probability = probabilities[i] as number;
    if (probability === 0) continue;
    last = i;
    left -= probability;
    if (left < 0) return i;
  }
  return last; // rounding left a little over
}
