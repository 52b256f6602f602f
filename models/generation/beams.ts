/**
 * Beam search as transformers 5 does it: of all continuations of a prompt's beams the best are taken, more than there
 * are beams, so that enough go on where some end; what ended is kept while it is among the best that ended. Where they
 * are drawn, as many continuations are drawn by their scores, none of them twice, instead of the best being taken.
 */
import { random } from "../random";
import type { Decoding, Scores } from "./decoding";
import { type Generated, type GenerationHooks, hasEnded } from "./made";
import type { GenerationOptions } from "./options";
import { disturb, largest, logSoftmax, type Processor, processorsOf, warpersOf } from "./scores";

interface Beam {
  /** New tokens alone. */
  tokens: number[];
  /** Sum of log-probabilities; of one that ended, over its length to the power of the penalty. */
  score: number;
  /** The decoding's row that holds it, which the new token is not in yet. */
  row: number;
}

/** The beams of one prompt. */
interface Search {
  /** Which of all prompts it is. */
  number: number;
  prompt: readonly number[];
  running: Beam[];
  /** The best first, at most as many as there are beams. */
  ended: Beam[];
  isDone: boolean;
}

/** Goes on from the scores behind the prompts. */
export async function searchBeams(
  decoding: Decoding,
  first: Scores,
  prompts: readonly (readonly number[])[],
  options: GenerationOptions,
  hooks: GenerationHooks,
): Promise<Generated[][]> {
  const searches = prompts.map((prompt, row): Search => {
    return { number: row, prompt, running: [{ tokens: [], score: 0, row }], ended: [], isDone: false };
  });
  const least = Math.max(2, 1 + options.ends.length);
  const processors = [...processorsOf(options), ...(options.sample ? warpersOf(options, least) : [])];
  let scores = first;
  for (;;) {
    hooks.signal?.throwIfAborted();
    const open = searches.filter(({ isDone }) => !isDone);
    hooks.onScores?.(
      scores,
      open.flatMap(({ running }) => running.map(({ row }) => row)),
    );
    for (const search of open) step(search, scores, decoding.vocabulary, { options, hooks, processors });
    const going = open.flatMap((search) => (search.isDone ? [] : search.running));
    if (!going.length) break;
    decoding.select(going.map(({ row }) => row));
    scores = await decoding.next(going.map(({ tokens }) => tokens.at(-1) as number));
    for (const [row, beam] of going.entries()) beam.row = row;
  }
  return searches.map(({ ended }) => ended.slice(0, options.results).map(({ tokens, score }) => ({ tokens, score })));
}

interface How {
  options: GenerationOptions;
  hooks: GenerationHooks;
  processors: readonly Processor[];
}

/** Every beam of a prompt grows by a token; whether the search is done follows from what ended. */
function step(search: Search, scores: Scores, vocabulary: number, how: How): void {
  const { options, hooks } = how;
  const continuations = bestContinuations(search, scores, vocabulary, how);
  const length = (continuations[0]?.tokens.length ?? 0) ** options.lengthPenalty;
  const isEnd = continuations.map(({ tokens }) => hasEnded(tokens, options, hooks));
  // Only what is among the best counts as ended; the others are there so that enough go on.
  const newlyEnded = continuations.slice(0, options.beams).filter((_, i) => isEnd[i]);
  const scored = newlyEnded.map((beam) => ({ ...beam, score: Math.fround(beam.score / length) }));
  search.ended = [...search.ended, ...scored].sort((a, b) => b.score - a.score).slice(0, options.beams);
  search.running = continuations.filter((_, i) => !isEnd[i]).slice(0, options.beams);
  search.isDone = !search.running.length || isDone(search, options);
}

/**
 * The best continuations of all beams together, or as many that are drawn, best first: so many that, if the best end,
 * enough go on.
 */
function bestContinuations(search: Search, scores: Scores, vocabulary: number, how: How): Beam[] {
  const { beams, ends, sample, seed } = how.options;
  const count = Math.max(2, 1 + ends.length) * beams;
  const all = search.running.flatMap((beam, place) => {
    const own = scores.slice(beam.row * vocabulary, (beam.row + 1) * vocabulary);
    logSoftmax(own);
    const made = beam.tokens.length;
    const row = { tokens: [...search.prompt, ...beam.tokens], made };
    for (const process of how.processors) process(own, row);
    const draws = sample ? random("beams", seed, search.number, made, place) : undefined;
    const ranks = draws ? disturb(own, () => draws.uniform()) : own;
    return largest(ranks, count).map(({ index, score: rank }) => {
      return {
        beam,
        index,
        rank: Math.fround(rank + beam.score),
        score: Math.fround((own[index] as number) + beam.score),
      };
    });
  });
  const possible = sample ? all.filter(({ score }) => score !== Number.NEGATIVE_INFINITY) : all;
  const chosen = possible.sort((a, b) => b.rank - a.rank).slice(0, count);
  const best = chosen.sort((a, b) => b.score - a.score);
  return best.map(({ beam, index, score }) => ({ tokens: [...beam.tokens, index], score, row: beam.row }));
}

/** Whether nothing that runs may still become one of the best that ended, as the options have it. */
function isDone(
  { running, ended }: Search,
  { beams, earlyStopping, lengthPenalty, maxNew }: GenerationOptions,
): boolean {
  if (ended.length < beams) return false;
  if (earlyStopping === true) return true;
  const [best] = running;
  const worst = ended.at(-1);
  if (!best || !worst) return true;
  // What runs has its best score at the greatest length where long texts are favoured.
  const length = earlyStopping === "never" && lengthPenalty > 0 ? maxNew : best.tokens.length;
  return Math.fround(best.score / length ** lengthPenalty) <= worst.score;
}
