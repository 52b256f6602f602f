import type { Graph, Value } from "../graph";
import { opsOf } from "../ops/index";
import { rewrite } from "../rewrite";
import { sizeOf } from "../shape";

/**
 * Transposes pushed into products of matrices: Gemm reads either side transposed at no cost. A transposed product
 * becomes the product of its sides in the other order. Stacks of matrices are left to the runtime, which fuses their
 * transposes itself.
 */
export function pushTransposes(graph: Graph): Graph {
  const readers = new Map<string, number>();
  for (const v of [...graph.nodes.flatMap((n) => n.inputs), ...graph.outputs.values(), ...graph.updates.values()])
    readers.set(v.name, (readers.get(v.name) ?? 0) + 1);
  return rewrite(graph, {
    visit(node, inputs, target) {
      const op = opsOf(target);
      const [x, y, z] = inputs as [Value, Value, Value | undefined];
      if (node.op === "Transpose") {
        const product = isOfMatrix(node.attrs.perm) ? target.makerOf(x) : undefined;
        // Turned once and never read as it is; what it adds would have to be turned too.
        if (
          (product?.op !== "Gemm" && product?.op !== "MatMul") ||
          product.inputs[2] ||
          readers.get((node.inputs[0] as Value).name) !== 1
        )
          return undefined;
        const { transA = 0, transB = 0, ...rest } = product.attrs;
        const [a, b] = product.inputs as [Value, Value];
        return [op.Gemm(b, a, { ...rest, transA: transB ? 0 : 1, transB: transA ? 0 : 1 })];
      }
      if (node.op !== "Gemm" && node.op !== "MatMul") return undefined;
      const a = turned(target, x);
      const b = turned(target, y);
      const isFlat = x.shape.length === 2;
      if (y.shape.length !== 2 || !(b ?? (isFlat ? a : undefined))) return undefined;
      if (isFlat) {
        const { transA = 0, transB = 0, ...rest } = node.attrs as { transA?: number; transB?: number };
        return [
          op.Gemm(...[a ?? x, b ?? y, ...(z ? [z] : [])], {
            ...rest,
            transA: a ? 1 - transA : transA,
            transB: b ? 1 - transB : transB,
          }),
        ];
      }
      // A matrix under a stack of rows: the rows are one matrix.
      if ([...x.shape, ...y.shape].some((d) => typeof d === "string")) return undefined;
      const width = x.shape.at(-1) as number;
      const rows = op.Reshape(x, { to: [sizeOf(x.shape) / width, width] });
      return [
        op.Reshape(op.Gemm(rows, b as Value, { transB: 1 }), { to: [...x.shape.slice(0, -1), y.shape[1] as number] }),
      ];
    },
  });
}

const isOfMatrix = (perm: unknown): boolean => Array.isArray(perm) && perm.join() === "1,0";
/** The matrix that a value is the transpose of. */
function turned(graph: Graph, value: Value): Value | undefined {
  const maker = graph.makerOf(value);
  return maker?.op === "Transpose" && isOfMatrix(maker.attrs.perm) ? maker.inputs[0] : undefined;
}
