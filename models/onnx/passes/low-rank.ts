import type { Graph, OpNode, Value } from "../graph";
import { opsOf } from "../ops/index";
import { rewrite } from "../rewrite";

/**
 * Low-rank products: x·(W + s·A·B) → x·W + (s·x·A)·B, and x·(W + s·A·B)ᵀ → x·Wᵀ + (s·x·Bᵀ)·Aᵀ, where A and B together
 * are smaller than W. The sum is never made, and its gradient, a product as large as that of a full matrix, is not
 * either: this is what makes adapters (LoRA, Hu et al. 2021) cheap to train.
 */
export const lowRank = (graph: Graph): Graph =>
  rewrite(graph, {
    visit({ op: name }, [x, weight], target) {
      if (name !== "MatMul" || !x || !weight) return undefined;
      const turned = transposedBy(target, weight);
      const found = adapterOf(target, turned ?? weight);
      if (!found) return undefined;
      const op = opsOf(target);
      const laid = (matrix: Value) => (turned ? op.Transpose(matrix, { perm: [1, 0] }) : matrix);
      const [first, second] = turned ? [found.b, found.a] : [found.a, found.b];
      const narrow = op.MatMul(x, laid(first));
      const whole = op.MatMul(x, laid(found.base));
      const scaled = found.scale ? op.Mul(narrow, found.scale) : narrow;
      return [op.Add(whole, op.MatMul(scaled, laid(second)))];
    },
  });

/** The matrix that a value is the transpose of. */
function transposedBy(graph: Graph, value: Value): Value | undefined {
  const maker = graph.makerOf(value);
  return maker?.op === "Transpose" && value.shape.length === 2 && String(maker.attrs.perm) === "1,0"
    ? maker.inputs[0]
    : undefined;
}

interface Adapter {
  base: Value;
  a: Value;
  b: Value;
  scale?: Value;
}

/** W + s·(A·B) in whatever order it was written, with A·B of low rank. */
function adapterOf(graph: Graph, value: Value): Adapter | undefined {
  for (const [term, base] of sides(graph, value, "Add")) {
    for (const [product, scale] of [[term, undefined] as const, ...sides(graph, term, "Mul")]) {
      const maker = graph.makerOf(product);
      const [a, b] = maker?.op === "MatMul" ? (maker.inputs as [Value, Value]) : [];
      if (!a || !b || scale?.shape.some((d) => d !== 1) || base.shape.join() !== product.shape.join()) continue;
      const [inputs, rank] = a.shape;
      const outputs = b.shape[1];
      const isMatrix = a.shape.length === 2 && b.shape.length === 2;
      if (
        isMatrix &&
        typeof inputs === "number" &&
        typeof rank === "number" &&
        typeof outputs === "number" &&
        rank * (inputs + outputs) < inputs * outputs
      )
        return { base, a, b, scale };
    }
  }
  return undefined;
}

/** Both orders of the inputs of the op that gives a value, if it is this op. */
function sides(graph: Graph, value: Value, op: string): (readonly [Value, Value])[] {
  const maker: OpNode | undefined = graph.makerOf(value);
  const [a, b] = maker?.inputs ?? [];
  return maker?.op === op && a && b
    ? [
        [a, b],
        [b, a],
      ]
    : [];
}
