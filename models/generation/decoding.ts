/**
 * Scores (logits) of the next token of each row, row behind row: float32 [rows · vocabulary]. They hold until the next
 * call.
 */
export type Scores = Float32Array;

/** A language model with rows of tokens in it: what greedy search, beams and sampling are written on. */
export interface Decoding {
  /** How many tokens there are to choose from. */
  readonly vocabulary: number;
  /** Puts prompts in, a row each, none of them empty. What was in is gone, but what was kept of a same beginning. */
  start(prompts: readonly (readonly number[])[]): Promise<Scores>;
  /** One more token for each row. */
  next(tokens: readonly number[]): Promise<Scores>;
  /** Row i becomes what row `rows[i]` is. Rows may be left out, which makes room, and come twice. */
  select(rows: readonly number[]): void;
}
