/** Logits whose columns are texts, as nodes that measure and show them read them. */
import type { Tensor } from "./values";

/** Refuses logits that have another number of columns than there are texts, called "labels" say. */
export function refuseOtherColumns(texts: readonly string[], logits: Tensor, called: string): void {
  const [, columns = 0] = logits.shape;
  if (texts.length === columns) return;
  throw Object.assign(new Error(`There are ${texts.length} ${called}, and the logits have ${columns} columns.`), {
    hint: "Wire the texts that were scored; with prompt templates, set “Templates per name” in the scorer.",
  });
}

/** The scores of one row, a view. */
export function scoresOf(logits: Tensor, row: number): Float32Array {
  const [, columns = 0] = logits.shape;
  return (logits.data as Float32Array).subarray(row * columns, (row + 1) * columns);
}
