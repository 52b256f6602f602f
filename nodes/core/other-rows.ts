import type { Dim, SizeLimit } from "#models/onnx/graph";

/** What a node needs that gives each row another one of the batch. */
export const otherRows = (rows: Dim): SizeLimit => ({
  size: rows,
  least: 2,
  says: () => "gives each row another one of the batch, and there is 1 row: it would be given itself",
  hint: "Take 2 rows or more in a batch.",
});
