/**
 * What reads matrices that lie in blocks of small integers: products and rows that the runtime computes from the blocks
 * themselves (com.microsoft MatMulNBits, GatherBlockQuantized), and which matrices must become floats after all.
 */
import { type BlockLayout, blockShape } from "../files/quantized";
import type { Graph, OpNode, Value } from "./graph";
import { sizeOf } from "./shape";

export interface BlockProduct {
  node: OpNode;
  matrix: Value;
}

export interface BlockReaders {
  /**
   * Products that are computed from blocks, by the first of them that has the same left side: those of one left side
   * and one kind of blocks are one product, with all matrices side by side.
   */
  products: ReadonlyMap<OpNode, readonly BlockProduct[]>;
  /** The matrix of each op that takes rows of one. */
  rows: ReadonlyMap<OpNode, Value>;
  /** Ops that need not be written: other products of a first one, and transposes that nothing reads but products. */
  idle: ReadonlySet<OpNode>;
  /** Names of matrices that something reads as floats. */
  unpacked: ReadonlySet<string>;
}

type LayoutOf = (name: string) => BlockLayout | undefined;

/** `layoutOf` says how a parameter lies in blocks, where it does. */
export function blockReaders(graph: Graph, layoutOf: LayoutOf): BlockReaders {
  const matrices = new Map<OpNode, Value>();
  const rows = new Map<OpNode, Value>();
  const unpacked = new Set<string>();
  const read = new Set<string>([...graph.outputs.values()].map(({ name }) => name));
  for (const node of graph.nodes) {
    const matrix = node.op === "MatMul" ? matrixOf(graph, node.inputs[1] as Value, layoutOf) : undefined;
    const table = tableOf(node, layoutOf);
    if (matrix) matrices.set(node, matrix);
    if (table) rows.set(node, table);
    for (const [i, input] of node.inputs.entries()) {
      if (!(matrix && i === 1)) read.add(input.name);
    }
  }
  const turned = graph.nodes.filter((node) => turnedMatrixOf(node, layoutOf));
  const idle = new Set(turned.filter(({ outputs }) => !read.has((outputs[0] as Value).name)));
  for (const node of graph.nodes) {
    if (idle.has(node)) continue;
    for (const [i, { name }] of node.inputs.entries()) {
      const isBlocks = (matrices.has(node) && i === 1) || (rows.has(node) && i === 0);
      if (layoutOf(name) && !isBlocks) unpacked.add(name);
    }
  }
  for (const { name } of graph.outputs.values()) if (layoutOf(name)) unpacked.add(name);
  const products = sideBySide(matrices, layoutOf);
  for (const [, ...others] of products.values()) for (const { node } of others) idle.add(node);
  return { products, rows, idle, unpacked };
}

/** Products of the same value with matrices of the same kind of blocks, by the first of them. */
function sideBySide(matrices: ReadonlyMap<OpNode, Value>, layoutOf: LayoutOf): Map<OpNode, BlockProduct[]> {
  const groups = new Map<string, BlockProduct[]>();
  for (const [node, matrix] of matrices) {
    const { bits, block } = layoutOf(matrix.name) as BlockLayout;
    const key = `${node.inputs[0]?.name} ${bits} ${block}`;
    const group = groups.get(key) ?? [];
    group.push({ node, matrix });
    groups.set(key, group);
  }
  return new Map([...groups.values()].map((group) => [(group[0] as BlockProduct).node, group]));
}

/** The matrix at the right of a product whose blocks lie along the axis that is summed over. */
function matrixOf(graph: Graph, right: Value, layoutOf: LayoutOf): Value | undefined {
  if (layoutOf(right.name)?.axis === 0) return right;
  const maker = graph.makerOf(right);
  return maker && turnedMatrixOf(maker, layoutOf);
}

/** The matrix [out, in] that an op turns round. */
function turnedMatrixOf({ op, inputs, attrs }: OpNode, layoutOf: LayoutOf): Value | undefined {
  const [matrix] = inputs;
  const isTurned = op === "Transpose" && (attrs.perm as readonly number[] | undefined)?.join() === "1,0";
  return isTurned && matrix && layoutOf(matrix.name)?.axis === 1 ? matrix : undefined;
}

/** The matrix that an op takes whole rows of, where blocks lie along rows. */
function tableOf({ op, inputs, attrs }: OpNode, layoutOf: LayoutOf): Value | undefined {
  const [table] = inputs;
  const layout = op === "Gather" && (attrs.axis ?? 0) === 0 && table ? layoutOf(table.name) : undefined;
  // The runtime's op takes blocks of powers of two.
  return layout?.axis === 1 && Number.isInteger(Math.log2(layout.block)) ? table : undefined;
}

/** What the tensors of a matrix in blocks are called. */
export const blockNames = ({ name }: Value) => ({
  values: `${name}#blocks`,
  scales: `${name}#scales`,
  table: `${name}#table`,
});

/**
 * How much open sizes are at least, by their names; any other may be 1. Products with matrices in blocks are then
 * written for as many rows; where it is not said, for one.
 */
export type AtLeast = Readonly<Record<string, number>>;

/** From so many rows on a product of floats with a matrix of 4 bits is quicker than one of integers. */
const manyRows = 32;

/**
 * What MatMulNBits is told of a product of `left` with matrices in blocks that are so wide together. At level 4 it
 * multiplies integers, rows being rounded to 8 bits: for few rows 2 to 100 times as fast, and an error that lies a
 * tenth below that of the blocks themselves. At level 0 it multiplies floats, which it makes of the blocks in every
 * call: from some thirty rows on that is quicker, and twice as quick for 512. Of 8 bits it would make them all before
 * it begins.
 */
export function productSettings(layout: BlockLayout, width: number, left: Value, atLeast: AtLeast | undefined) {
  const { bits, block } = layout;
  const isOfFloats = bits === 4 && leastRows(left, atLeast) >= manyRows;
  const inner = blockShape(layout)[1] * block;
  return { K: inner, N: width, bits, block_size: block, accuracy_level: isOfFloats ? 0 : 4 };
}

/** How many rows the left side of a product has at least. */
function leastRows({ shape }: Value, atLeast: AtLeast | undefined): number {
  if (!atLeast) return 1;
  const sizes = shape.slice(0, -1).map((size) => (typeof size === "number" ? size : (atLeast[size] ?? 1)));
  return sizeOf(sizes);
}
