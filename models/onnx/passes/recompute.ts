import type { DType, Graph, OpNode, Value } from "../graph";
import { append, type OpName, opsOf } from "../ops/index";
import { sizeOf } from "../shape";

/** An op as its gradient is to see it, given the cotangent that arrived. */
export type Replay = (node: OpNode, dy: Value) => OpNode;

/**
 * Recompute (activation checkpointing, Chen et al. 2016): the chosen ops of a forward graph are cut into about √n
 * segments where least is alive, and the backward pass computes a segment anew from what entered it instead of keeping
 * its results. The last segment is kept: its results are needed at once. Sizes must be known. Give the result to
 * `gradients`.
 */
export function recompute(graph: Graph, isChosen: (node: OpNode) => boolean): Replay {
  const segmentOf = new Map<OpNode, readonly OpNode[]>();
  const copies = new Map<OpNode, OpNode>();
  const replayed = new Set<readonly OpNode[]>();
  for (const segment of segmentsOf(graph, isChosen).slice(0, -1))
    for (const node of segment) segmentOf.set(node, segment);
  const ofData = new Set(graph.inputs.map((v) => v.name));
  for (const { inputs, outputs } of graph.nodes) {
    if (!inputs.some((x) => ofData.has(x.name))) continue;
    for (const y of outputs) ofData.add(y.name);
  }
  return (node, dy) => {
    const segment = segmentOf.get(node);
    if (segment && !replayed.has(segment)) {
      replayed.add(segment);
      for (const [original, copy] of replay(
        graph,
        segment,
        dy,
        (x) => ofData.has(x.name) && x.dtype.startsWith("float"),
      ))
        copies.set(original, copy);
    }
    return copies.get(node) ?? node;
  };
}

/**
 * Appends the ops of a segment again. What enters it is added to a zero made of the cotangent: so the copies come after
 * that, when the forward pass has given its memory back, and the runtime cannot take them for the ops they repeat. Ops
 * that read nothing of the kind, such as those on parameters alone, stay what they are.
 */
function replay(
  graph: Graph,
  segment: readonly OpNode[],
  dy: Value,
  isActivation: (x: Value) => boolean,
): Map<OpNode, OpNode> {
  const op = opsOf(graph);
  const axes = dy.shape.map((_, i) => i);
  const copies = new Map<OpNode, OpNode>();
  const values = new Map<string, Value>();
  const zeros = new Map<DType, Value>();
  const corner = axes.length
    ? op.Reshape(op.Slice(dy, { starts: axes.map(() => 0), ends: axes.map(() => 1), axes }), { to: [] })
    : dy;
  const zero = (dtype: DType): Value =>
    zeros.get(dtype) ??
    op.Mul(dtype === dy.dtype ? corner : op.Cast(corner, { dtype }), graph.constant([0], dtype as "float32"));
  const copyOf = (x: Value): Value => {
    const known = values.get(x.name);
    if (known || !isActivation(x)) return known ?? x;
    zeros.set(x.dtype, zero(x.dtype));
    const value = op.Add(x, zero(x.dtype));
    values.set(x.name, value);
    return value;
  };
  for (const node of segment) {
    graph.scope = node.scope;
    const inputs = node.inputs.map(copyOf);
    if (inputs.every((x, i) => x === node.inputs[i])) continue;
    const outputs = append(graph, node.op as OpName, inputs, node.attrs);
    for (const [i, y] of node.outputs.entries()) values.set(y.name, outputs[i] as Value);
    copies.set(node, { ...node, inputs, outputs });
  }
  return copies;
}

/**
 * The chosen ops in order, cut where the fewest elements of theirs are still to be read, into segments that make about
 * equally many.
 */
function segmentsOf(graph: Graph, isChosen: (node: OpNode) => boolean): OpNode[][] {
  const chosen = graph.nodes.filter(isChosen);
  const place = new Map(chosen.map((node, i) => [node, i]));
  const lastRead = new Map<string, number>();
  for (const node of graph.nodes) {
    for (const x of node.inputs) lastRead.set(x.name, place.get(node) ?? chosen.length);
  }
  const sizes = chosen.map(({ outputs }) => outputs.reduce((sum, y) => sum + sizeOf(y.shape), 0));
  const share = sizes.reduce((a, b) => a + b, 0) / Math.sqrt(chosen.length);
  const change = new Array<number>(chosen.length + 1).fill(0);
  for (const [i, { outputs }] of chosen.entries()) {
    for (const y of outputs) {
      const end = lastRead.get(y.name);
      if (end === undefined || end <= i) continue;
      change[i] = (change[i] as number) + sizeOf(y.shape);
      change[end] = (change[end] as number) - sizeOf(y.shape);
    }
  }
  let sum = 0;
  // What was made up to an op and is read by a later one.
  const alive = change.map((d) => (sum += d));
  const segments: OpNode[][] = [];
  for (let start = 0; start < chosen.length; ) {
    let cut = chosen.length;
    let made = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let i = start; i < chosen.length && made < 1.5 * share; i++) {
      made += sizes[i] as number;
      const left = alive[i] as number;
      if (made < share / 2 || left > least || (left === least && made > share)) continue;
      least = left;
      cut = i + 1;
    }
    segments.push(chosen.slice(start, cut));
    start = cut;
  }
  return segments;
}
