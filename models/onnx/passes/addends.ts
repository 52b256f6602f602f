import type { Graph, Value } from "../graph";
import { opsOf } from "../ops/index";
import { rewrite } from "../rewrite";
import { fixed, sizeOf } from "../shape";
import { timesRead } from "../times-read";

/**
 * A row that is added to each row of a product, as a bias is, is added by the product itself: Gemm begins with it,
 * where an Add reads and writes all of the product once more.
 */
export function addends(graph: Graph): Graph {
  const times = timesRead(graph);
  /** Whether nothing else reads a product, also under the shape that a Reshape gives it. */
  const isReadOnce = (value: Value): boolean => {
    const maker = graph.makerOf(value);
    return times.get(value.name) === 1 && (maker?.op !== "Reshape" || isReadOnce(maker.inputs[0] as Value));
  };
  return rewrite(graph, {
    visit(node, inputs, target) {
      if (node.op !== "Add") return undefined;
      for (const [i, side] of inputs.entries()) {
        const sum = isReadOnce(node.inputs[i] as Value) && withRow(target, side, inputs[1 - i] as Value);
        if (sum) return [sum];
      }
      return undefined;
    },
  });
}

/** A product plus a row, if the one value is a product of matrices and the other a row of as many columns. */
function withRow(target: Graph, value: Value, row: Value): Value | undefined {
  const columns = value.shape.at(-1) as number;
  if ([...value.shape, ...row.shape].some((d) => typeof d === "string")) return undefined;
  if (row.shape.length > value.shape.length || row.shape.at(-1) !== columns || sizeOf(row.shape) !== columns)
    return undefined;
  const op = opsOf(target);
  const given = target.makerOf(value);
  const product = given?.op === "Reshape" ? target.makerOf(given.inputs[0] as Value) : given;
  const [a, b, addend] = product?.inputs ?? [];
  if (!product || !a || !b || addend || product.outputs[0]?.shape.at(-1) !== columns || b.shape.length !== 2)
    return undefined;
  if (product.op !== "Gemm" && product.op !== "MatMul") return undefined;
  const inner = fixed(a.shape).at(-1) as number;
  const rows = a.shape.length === 2 ? a : op.Reshape(a, { to: [sizeOf(a.shape) / inner, inner] });
  const sum = op.Gemm(rows, b, op.Reshape(row, { to: [columns] }), product.attrs);
  return op.Reshape(sum, { to: fixed(value.shape) });
}
