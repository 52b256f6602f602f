/** What generation makes, what is told of it on the way, and when it ends. */
import type { Scores } from "./decoding";
import type { GenerationOptions } from "./options";

/** What was made for a prompt. */
export interface Generated {
  /** The new tokens; the token that ended it is the last of them. */
  tokens: number[];
  /** Of a beam: its sum of log-probabilities over its length to the power of the length penalty. */
  score?: number;
}

export interface GenerationHooks {
  /** Asked between tokens: it is stopped by throwing. */
  signal?: AbortSignal;
  /** A token of a row, as soon as it is there. Rows are numbered as the results are; beams tell nothing. */
  onToken?(row: number, token: number): void;
  /** The scores as the model gave them, and the row of each. */
  onScores?(scores: Scores, rows: readonly number[]): void;
  /** Whether new tokens end here, besides by an end token: what stop texts are for. */
  isEnd?(tokens: readonly number[]): boolean;
}

/** Whether new tokens end here: by their number, by an end token, or as the hooks say. */
export function hasEnded(
  made: readonly number[],
  { ends, maxNew }: GenerationOptions,
  hooks: GenerationHooks,
): boolean {
  return made.length >= maxNew || ends.includes(made.at(-1) ?? -1) || hooks.isEnd?.(made) === true;
}
