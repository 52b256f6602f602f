import type { Attrs, Graph, Value } from "../graph";
import { opsOf } from "../ops/index";
import { rewrite } from "../rewrite";
import { sizeOf } from "../shape";
import { timesRead } from "../times-read";

/**
 * Transposes pushed into products of matrices: Gemm reads either side transposed at no cost. A transposed product
 * becomes the product of its sides in the other order. Stacks of matrices are left to the runtime, which fuses their
 * transposes itself.
 */
export function pushTransposes(graph: Graph): Graph {
  const times = timesRead(graph);
  return rewrite(graph, {
    visit(node, inputs, target) {
      if (node.op === "Transpose") {
        const isReadOnce = times.get((node.inputs[0] as Value).name) === 1;
        return isReadOnce && isOfMatrix(node.attrs.perm) ? turnedProduct(target, inputs[0] as Value) : undefined;
      }
      return node.op === "Gemm" || node.op === "MatMul" ? productOfTurned(target, node.attrs, inputs) : undefined;
    },
  });
}

/** The transpose of a product that is never read as it is; what the product adds would have to be turned too. */
function turnedProduct(target: Graph, value: Value): readonly Value[] | undefined {
  const product = target.makerOf(value);
  if ((product?.op !== "Gemm" && product?.op !== "MatMul") || product.inputs[2]) return undefined;
  const { transA = 0, transB = 0, ...rest } = product.attrs;
  const [left, right] = product.inputs as [Value, Value];
  return [opsOf(target).Gemm(right, left, { ...rest, transA: transB ? 0 : 1, transB: transA ? 0 : 1 })];
}

/** A product of transposed matrices as a Gemm of the matrices themselves. */
function productOfTurned(target: Graph, attrs: Attrs, inputs: readonly Value[]): readonly Value[] | undefined {
  const op = opsOf(target);
  const [x, y, ...added] = inputs as [Value, Value, ...Value[]];
  const left = turned(target, x);
  const right = turned(target, y);
  if (y.shape.length !== 2) return undefined;
  if (x.shape.length === 2) {
    if (!left && !right) return undefined;
    const { transA = 0, transB = 0, ...rest } = attrs as { transA?: number; transB?: number };
    return [
      op.Gemm(left ?? x, right ?? y, ...added, {
        ...rest,
        transA: left ? 1 - transA : transA,
        transB: right ? 1 - transB : transB,
      }),
    ];
  }
  // A matrix under a stack of rows: the rows are one matrix.
  if (!right || [...x.shape, ...y.shape].some((d) => typeof d === "string")) return undefined;
  const width = x.shape.at(-1) as number;
  const rows = op.Reshape(x, { to: [sizeOf(x.shape) / width, width] });
  return [op.Reshape(op.Gemm(rows, right, { transB: 1 }), { to: [...x.shape.slice(0, -1), y.shape[1] as number] })];
}

const isOfMatrix = (perm: unknown): boolean => Array.isArray(perm) && perm.join() === "1,0";
/** The matrix that a value is the transpose of. */
function turned(graph: Graph, value: Value): Value | undefined {
  const maker = graph.makerOf(value);
  return maker?.op === "Transpose" && isOfMatrix(maker.attrs.perm) ? maker.inputs[0] : undefined;
}
