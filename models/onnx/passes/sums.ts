import type { Graph, Value } from "../graph";
import { opsOf } from "../ops/index";
import { rewrite } from "../rewrite";
import { sizeOf } from "../shape";

/** Below so many rows a sum is as fast as a product. */
const fewRows = 64;

/**
 * Sums over rows as products with ones: the gradient of a bias is the sum of a tall matrix's rows, which ONNX Runtime's
 * ReduceSum walks column by column; its product reads the matrix once (8320 × 768 floats on two cores: 5.0 ms instead
 * of 8.4).
 */
export function sums(graph: Graph): Graph {
  const ones = new Map<number, Value>();
  return rewrite(graph, {
    visit({ op: name, attrs, outputs: [y] }, [x], target) {
      if (name !== "ReduceSum" || !x || !y || x.dtype !== "float32" || x.shape.some((d) => typeof d === "string"))
        return undefined;
      const last = x.shape.length - 1;
      const axes = (attrs.axes as readonly number[] | undefined)?.map((a) => (a < 0 ? a + last + 1 : a)) ?? [];
      const columns = x.shape[last] as number;
      const rows = sizeOf(x.shape) / columns;
      if (last < 1 || axes.length !== last || axes.includes(last) || rows < fewRows) return undefined;
      const op = opsOf(target);
      const row = ones.get(rows) ?? target.keep("float32", [1, rows], new Float32Array(rows).fill(1));
      ones.set(rows, row);
      return [op.Reshape(op.MatMul(row, op.Reshape(x, { to: [rows, columns] })), { to: y.shape })];
    },
  });
}
