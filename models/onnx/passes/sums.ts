import type { Attrs, Graph, Value } from "../graph";
import { opsOf } from "../ops/index";
import { rewrite } from "../rewrite";
import { sizeOf } from "../shape";

/** Below so many rows a sum is as fast as a product. */
const fewRows = 64;

/**
 * Sums as ONNX Runtime is fast at them. Sums and means over rows become products with ones: the gradient of a bias is
 * the sum of a tall matrix's rows, which its ReduceSum walks column by column; its product reads the matrix once (8320
 * × 768 floats on two cores: 5.0 ms instead of 8.4). Rows that have a factor each are summed by a product with the
 * factors. Sums of squares over some axes become sums of products: its
 * ReduceSumSquare takes eight times as long for a channel's.
 */
export function sums(graph: Graph): Graph {
  const rows = new Map<string, Value>();
  return rewrite(graph, {
    visit({ op: name, attrs, outputs: [y] }, [x], target) {
      if (!x || !y || x.dtype !== "float32" || x.shape.some((d) => typeof d === "string")) return undefined;
      const op = opsOf(target);
      if (name === "ReduceSumSquare") {
        if (!attrs.axes || sizeOf(y.shape) === 1) return undefined;
        const squares = op.Mul(x, x);
        return [overRows(target, rows, squares, y, attrs, 1) ?? op.ReduceSum(squares, attrs)];
      }
      if (name !== "ReduceSum" && name !== "ReduceMean") return undefined;
      const share = name === "ReduceSum" ? 1 : sizeOf(y.shape) / sizeOf(x.shape);
      const sum = overRows(target, rows, x, y, attrs, share);
      return sum && [sum];
    },
  });
}

/** `share` times the sum of the rows of a tall matrix, where that is what is summed over. */
function overRows(
  target: Graph,
  known: Map<string, Value>,
  x: Value,
  y: Value,
  attrs: Attrs,
  share: number,
): Value | undefined {
  const rank = x.shape.length;
  const axes = (attrs.axes as readonly number[] | undefined)?.map((a) => (a < 0 ? a + rank : a)) ?? [];
  // Axes of one element are neither here nor there.
  const kept = x.shape.flatMap((d, i) => (d !== 1 && !axes.includes(i) ? [i] : []));
  const last = x.shape.findLastIndex((d) => d !== 1);
  const columns = x.shape[last] as number;
  const count = sizeOf(x.shape) / columns;
  if (kept.length !== 1 || kept[0] !== last || count < fewRows) return undefined;
  const op = opsOf(target);
  const weighted = share === 1 ? weightedRows(target, x, last) : undefined;
  const row = weighted ? op.Reshape(weighted.factors, { to: [1, count] }) : equalShares(target, known, count, share);
  const matrix = op.Reshape(weighted?.rows ?? x, { to: [count, columns] });
  return op.Reshape(op.MatMul(row, matrix), { to: y.shape });
}

/** A row that has the same share `count` times, kept once. */
function equalShares(target: Graph, known: Map<string, Value>, count: number, share: number): Value {
  const name = `${count} ${share}`;
  const row = known.get(name) ?? target.keep("float32", [1, count], new Float32Array(count).fill(share));
  known.set(name, row);
  return row;
}

/** Rows and the factor that each was multiplied by, where that is what a value is: the sum takes them in its stride. */
function weightedRows(target: Graph, x: Value, last: number): { rows: Value; factors: Value } | undefined {
  const maker = target.makerOf(x);
  if (maker?.op !== "Mul") return undefined;
  const one = String(x.shape.with(last, 1));
  const [a, b] = maker.inputs as [Value, Value];
  for (const [rows, factors] of [
    [a, b],
    [b, a],
  ] as const) {
    if (String(factors.shape) === one && String(rows.shape) === String(x.shape)) return { rows, factors };
  }
  return undefined;
}
