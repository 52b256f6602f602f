/** What models that compare pictures with texts have in common. */
import type { Builder } from "../../blocks/builder";
import type { Value } from "../../onnx/graph";

/** Rows of length 1. x: float32 [B, D] → the same. */
export const normalized = ({ op }: Builder, x: Value): Value => op.LpNormalization(x, { axis: -1, p: 2 });

/** All products of two lists of rows. float32 [M, D], [N, D] → [M, N]. */
export function cosines({ op }: Builder, rows: Value, columns: Value): Value {
  return op.MatMul(rows, op.Transpose(columns, { perm: [1, 0] }));
}

export const transposed = ({ op }: Builder, x: Value): Value => op.Transpose(x, { perm: [1, 0] });
