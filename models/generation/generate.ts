/**
 * Makes tokens with a language model: the best one at a time, by drawing, or with beams. Equal to transformers' greedy
 * search and beam search; rows that ended leave the batch.
 */
import { random } from "../random";
import { searchBeams } from "./beams";
import type { Decoding, Scores } from "./decoding";
import { type Generated, type GenerationHooks, hasEnded } from "./made";
import type { GenerationOptions } from "./options";
import { draw, largest, type Processor, processorsOf, warpersOf } from "./scores";

/** Gives for each prompt as many results as the options ask for, the best first. */
export async function generate(
  decoding: Decoding,
  prompts: readonly (readonly number[])[],
  options: GenerationOptions,
  hooks: GenerationHooks = {},
): Promise<Generated[][]> {
  refuse(options, prompts);
  if (!prompts.length || !options.maxNew)
    return prompts.map(() => Array.from({ length: options.results }, () => ({ tokens: [] })));
  const scores = await decoding.start(prompts);
  if (options.beams > 1) return searchBeams(decoding, scores, prompts, options, hooks);
  const rows = prompts.flatMap((prompt, at) => Array.from({ length: options.results }, () => ({ prompt, at })));
  const made = await goOn(decoding, scores, rows, options, hooks);
  return prompts.map((_, at) => made.slice(at * options.results, (at + 1) * options.results));
}

function refuse({ beams, results, sample }: GenerationOptions, prompts: readonly (readonly number[])[]): void {
  const fail = (what: string, hint: string) => {
    throw Object.assign(new Error(what), { hint });
  };
  if (beams > 1 && results > beams)
    fail(`${beams} beams give no ${results} results.`, "Ask for at most as many results as there are beams.");
  if (beams === 1 && !sample && results > 1)
    fail("The best tokens are the same every time.", "Ask for one result, sample, or search with beams.");
  const empty = prompts.findIndex((prompt) => !prompt.length);
  if (empty >= 0) fail(`Prompt ${empty + 1} is empty.`, "Give each prompt a token at least, such as the start token.");
}

interface Row {
  prompt: readonly number[];
  /** The number of its prompt. */
  at: number;
}

/** Token by token, each row for itself, until all have ended. */
async function goOn(
  decoding: Decoding,
  first: Scores,
  rows: readonly Row[],
  options: GenerationOptions,
  hooks: GenerationHooks,
): Promise<Generated[]> {
  const choose = chooser(options);
  const made: number[][] = rows.map(() => []);
  let running = rows.map((_, row) => row);
  let scores = spread(
    first,
    rows.map(({ at }) => at),
    decoding.vocabulary,
  );
  if (options.results > 1) decoding.select(rows.map(({ at }) => at));
  for (;;) {
    hooks.signal?.throwIfAborted();
    hooks.onScores?.(scores, running);
    const chosen = running.map((row, i) => {
      const own = scores.slice(i * decoding.vocabulary, (i + 1) * decoding.vocabulary);
      const tokens = made[row] as number[];
      const token = choose(own, [...(rows[row] as Row).prompt, ...tokens], tokens.length, row);
      tokens.push(token);
      hooks.onToken?.(row, token);
      return token;
    });
    const going = running.flatMap((row, i) => (hasEnded(made[row] as number[], options, hooks) ? [] : [i]));
    if (!going.length) return made.map((tokens) => ({ tokens }));
    if (going.length < running.length) decoding.select(going);
    scores = await decoding.next(going.map((i) => chosen[i] as number));
    running = going.map((i) => running[i] as number);
  }
}

/** Scores of some rows, which may come twice. */
function spread(scores: Scores, rows: readonly number[], vocabulary: number): Scores {
  if (rows.every((from, i) => from === i) && scores.length === rows.length * vocabulary) return scores;
  const result = new Float32Array(rows.length * vocabulary);
  for (const [i, from] of rows.entries())
    result.set(scores.subarray(from * vocabulary, (from + 1) * vocabulary), i * vocabulary);
  return result;
}

/** Takes the next token from the scores of a row, which are its own to change. */
function chooser(options: GenerationOptions) {
  const processors: Processor[] = processorsOf(options);
  if (options.sample) processors.push(...warpersOf(options));
  return (scores: Float32Array, tokens: readonly number[], made: number, row: number): number => {
    for (const process of processors) process(scores, { tokens, made });
    // keyed by row and place: what is drawn does not depend on which other rows there are
    if (options.sample) return draw(scores, random("generate", options.seed, row, made).uniform());
    return largest(scores, 1)[0]?.index ?? 0;
  };
}

/**
 * Results as transformers gives `sequences`: prompts of one length, padded at the left, then what was made, padded at
 * the right.
 */
export function sequencesOf(
  prompts: readonly (readonly number[])[],
  generated: readonly (readonly Generated[])[],
  padding: number,
): number[][] {
  const promptLength = Math.max(0, ...prompts.map(({ length }) => length));
  const length = Math.max(0, ...generated.flat().map(({ tokens }) => tokens.length));
  const fill = (count: number) => new Array<number>(count).fill(padding);
  return prompts.flatMap((prompt, at) =>
    (generated[at] ?? []).map(({ tokens }) => [
      ...fill(promptLength - prompt.length),
      ...prompt,
      ...tokens,
      ...fill(length - tokens.length),
    ]),
  );
}
