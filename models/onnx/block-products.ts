/**
 * Products with a matrix that lies in blocks of small integers: which of them the runtime computes from the blocks
 * themselves (com.microsoft MatMulNBits), and which matrices must become floats after all.
 */
import type { Graph, OpNode, Value } from "./graph";

export interface BlockProducts {
  /** The matrix of each product that is computed from its blocks. */
  products: ReadonlyMap<OpNode, Value>;
  /** Transposes that nothing reads but such products. */
  idle: ReadonlySet<OpNode>;
  /** Names of matrices that something reads as floats. */
  unpacked: ReadonlySet<string>;
}

/** `axisOf` says along which axis the blocks of a parameter lie, where it has any. */
export function blockProducts(graph: Graph, axisOf: (name: string) => 0 | 1 | undefined): BlockProducts {
  const products = new Map<OpNode, Value>();
  const unpacked = new Set<string>();
  const read = new Set<string>([...graph.outputs.values()].map(({ name }) => name));
  for (const node of graph.nodes) {
    const matrix = node.op === "MatMul" ? matrixOf(graph, node.inputs[1] as Value, axisOf) : undefined;
    if (matrix) products.set(node, matrix);
    for (const [i, input] of node.inputs.entries()) {
      if (!(matrix && i === 1)) read.add(input.name);
    }
  }
  const turned = graph.nodes.filter((node) => turnedMatrixOf(node, axisOf));
  const idle = new Set(turned.filter(({ outputs }) => !read.has((outputs[0] as Value).name)));
  for (const node of graph.nodes) {
    if (idle.has(node)) continue;
    for (const [i, { name }] of node.inputs.entries()) {
      if (axisOf(name) !== undefined && !(products.has(node) && i === 1)) unpacked.add(name);
    }
  }
  for (const { name } of graph.outputs.values()) if (axisOf(name) !== undefined) unpacked.add(name);
  return { products, idle, unpacked };
}

type AxisOf = (name: string) => 0 | 1 | undefined;

/** The matrix at the right of a product whose blocks lie along the axis that is summed over. */
function matrixOf(graph: Graph, right: Value, axisOf: AxisOf): Value | undefined {
  if (axisOf(right.name) === 0) return right;
  const maker = graph.makerOf(right);
  return maker && turnedMatrixOf(maker, axisOf);
}

/** The matrix [out, in] that an op turns round. */
function turnedMatrixOf({ op, inputs, attrs }: OpNode, axisOf: AxisOf): Value | undefined {
  const [matrix] = inputs;
  const isTurned = op === "Transpose" && (attrs.perm as readonly number[] | undefined)?.join() === "1,0";
  return isTurned && matrix && axisOf(matrix.name) === 1 ? matrix : undefined;
}
