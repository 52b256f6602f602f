import type { Graph, OpNode, Value } from "../graph";
import { append, isElementwise, type OpName, opsOf } from "../ops/index";
import { rewrite } from "../rewrite";
import { axisOf, sizeOf } from "../shape";
import { dropDead } from "./drop-dead";
import { simplify } from "./simplify";

/** The elements that a chunk's widest value has at most: 32 MB of float32. */
const elementsOfChunk = 2 ** 23;
/** What is read of wide rows in the end has at most this share of their elements. */
const narrowShare = 1 / 16;

/**
 * Wide products in chunks of rows: where a product of matrices gives very wide rows, of which only narrow results are
 * read, as a loss reads the scores of a vocabulary, the product and all that works on its rows is done for some rows at
 * a time, and the results are put together. Values as wide as that then live for one chunk only. In a training step it
 * is the same for their gradient, wherever that of one row needs no other row's scores: the runtime orders ops from the
 * results back, so it finishes a chunk before it begins the next, and nothing is computed twice. (torchtune's
 * CEWithChunkedOutputLoss and the fused loss of Hsu et al. 2024, "Liger Kernel", do this for one loss by hand.)
 *
 * Sizes must be known. It is made before a graph is differentiated.
 */
export function rowChunks(source: Graph, limit = elementsOfChunk): Graph {
  const graph = dropDead(simplify(source)); // rows that are put in a stack and taken out again are rows all the while
  const regions = regionsOf(graph, limit);
  if (!regions.length) return graph;
  const regionOf = new Map(regions.flatMap((region) => [...region.nodes].map((node) => [node, region] as const)));
  const parts = new Map<string, readonly Value[]>();
  const cut = cutter();
  return rewrite(graph, {
    visit(node, inputs, target) {
      const region = regionOf.get(node);
      if (!region) return undefined;
      const outputs = region.starts.slice(0, -1).map((start, i) => {
        const end = region.starts[i + 1] as number;
        const given = inputs.map((x, k) => {
          const source = node.inputs[k] as Value;
          const made = region.made.has(source.name) ? parts.get(source.name)?.[i] : undefined;
          return made ?? (region.isByRow(node, k) ? cut(target, x, start, end) : x);
        });
        return append(target, node.op as OpName, given, attrsFor(node, end - start));
      });
      return node.outputs.map((y, j) => {
        const list = outputs.map((all) => all[j] as Value);
        parts.set(y.name, list);
        // What only the region reads is never put together.
        return region.exits.has(y.name) ? opsOf(target).Concat(...list, { axis: 0 }) : (list[0] as Value);
      });
    },
  });
}

/** Ops that are done chunk by chunk. */
interface Region {
  nodes: ReadonlySet<OpNode>;
  /** Names of what they give, and of what others read of it. */
  made: ReadonlySet<string>;
  exits: ReadonlySet<string>;
  /** The row with which each chunk begins, and how many there are behind the last. */
  starts: readonly number[];
  /** Whether an input of one of the ops has a row for each row. */
  isByRow(node: OpNode, input: number): boolean;
}

function regionsOf(graph: Graph, limit: number): Region[] {
  const readers = readersOf(graph);
  const taken = new Set<OpNode>();
  return graph.nodes.flatMap((node) => {
    if (taken.has(node) || !isWideProduct(node, limit)) return [];
    const region = regionBehind(graph, node, { readers, limit });
    for (const member of region?.nodes ?? []) taken.add(member);
    return region ?? [];
  });
}

/** Whether an op is a product of rows with a matrix that gives more elements than a chunk may have. */
function isWideProduct({ op, inputs: [left, right], outputs: [y], attrs }: OpNode, limit: number): boolean {
  if (op !== "MatMul" && op !== "Gemm") return false;
  if (!left || !right || !y || y.shape.length !== 2 || left.shape.length !== 2 || right.shape.length !== 2)
    return false;
  return !attrs.transA && [y, left].every(isKnown) && sizeOf(y.shape) > limit && Number(y.shape[0]) > 1;
}

interface Search {
  readers: ReadonlyMap<string, ReadonlySet<OpNode>>;
  limit: number;
}

/** All that works on the rows of a product one by one, if only narrow values leave it. */
function regionBehind(graph: Graph, product: OpNode, { readers, limit }: Search): Region | undefined {
  const [first] = product.outputs as [Value];
  const rows = first.shape[0] as number;
  const most = sizeOf(first.shape) * narrowShare;
  const isWide = (v: Value) => isKnown(v) && sizeOf(v.shape) > most;
  const isEntry = (node: OpNode) => isWideProduct(node, limit) && node.outputs[0]?.shape[0] === rows;
  const seeds = new Set([product]);
  let nodes = behind(graph, seeds, rows);
  // Rows of another wide product that meet these, as a teacher's scores meet a student's.
  for (;;) {
    const added = makersOfWide(graph, nodes, isWide).filter((node) => isEntry(node) && !seeds.has(node));
    if (!added.length) break;
    for (const node of added) seeds.add(node);
    nodes = behind(graph, seeds, rows);
  }
  const made = new Map([...nodes].flatMap((node) => node.outputs.map((y) => [y.name, y] as const)));
  const results = new Set([...graph.outputs.values(), ...graph.updates.values()].map(({ name }) => name));
  const leaves = ({ name }: Value) => results.has(name) || [...(readers.get(name) ?? [])].some((n) => !nodes.has(n));
  const exits = [...made.values()].filter(leaves);
  if (!exits.length || exits.some(isWide)) return undefined;
  const widest = Math.max(...[...made.values()].map((v) => sizeOf(v.shape)));
  const count = Math.min(rows, Math.ceil(widest / limit));
  return {
    nodes,
    made: new Set(made.keys()),
    exits: new Set(exits.map(({ name }) => name)),
    starts: Array.from({ length: count + 1 }, (_, i) => Math.round((i * rows) / count)),
    isByRow: (node, input) => hasRowOf(node, input, rows),
  };
}

/** What makes the wide values that some ops read, these ops included. */
function makersOfWide(graph: Graph, nodes: Iterable<OpNode>, isWide: (v: Value) => boolean): OpNode[] {
  const found = new Set(nodes);
  for (const { inputs } of found) {
    for (const x of inputs) {
      const maker = isWide(x) ? graph.makerOf(x) : undefined;
      if (maker) found.add(maker);
    }
  }
  return [...found];
}

/**
 * The products, and all ops that read their rows, or what was made of those, row by row. Narrow results among them:
 * the gradient of a chunk must not ask for those of all others.
 */
function behind(graph: Graph, products: ReadonlySet<OpNode>, rows: number): Set<OpNode> {
  const nodes = new Set<OpNode>();
  const made = new Set<string>();
  for (const node of graph.nodes) {
    const reads = node.inputs.flatMap((x, i) => (made.has(x.name) ? [i] : []));
    const isByRow = products.has(node) || (reads.length > 0 && staysByRow(node, rows));
    if (!isByRow || !reads.every((i) => hasRowOf(node, i, rows))) continue;
    nodes.add(node);
    for (const { name } of node.outputs) made.add(name);
  }
  return nodes;
}

/** Whether row i of an op's results is made of row i of its inputs, for ops that this is known of. */
function staysByRow({ op, inputs: [x], outputs, attrs }: OpNode, rows: number): boolean {
  if (!x || ![x, ...outputs].every((v) => isKnown(v) && v.shape[0] === rows)) return isElementwise(op);
  if (isElementwise(op)) return true;
  if (op === "Reshape") return true;
  const isBehindRows = (axis: number) => axisOf(axis, x.shape.length) > 0;
  if (op.startsWith("Reduce") || op === "Slice")
    return (attrs.axes as readonly number[] | undefined)?.every(isBehindRows) ?? false;
  const fallback = axisWhereAbsent[op];
  return fallback !== undefined && isBehindRows((attrs.axis as number | undefined) ?? fallback);
}

/** Ops along an axis, and that axis where none is given. */
const axisWhereAbsent: Readonly<Record<string, number>> = {
  Softmax: -1,
  LogSoftmax: -1,
  TopK: -1,
  ArgMax: 0,
  ArgMin: 0,
  GatherElements: 0,
};

/** Whether an input has a row for each row of the results, which is what has to be cut; others are read as they are. */
function hasRowOf({ op, inputs, outputs }: OpNode, input: number, rows: number): boolean {
  const x = inputs[input] as Value;
  if (op === "MatMul" || op === "Gemm") return input === 0 || (input === 2 && x.shape.length === 2 && isOfAllRows());
  return isOfAllRows();

  function isOfAllRows(): boolean {
    const rank = op === "Reshape" ? x.shape.length : Math.max(...outputs.map((y) => y.shape.length));
    return x.shape[0] === rows && (x.shape.length === rank || !isElementwise(op));
  }
}

/** An op's attributes for so many rows. */
const attrsFor = ({ op, attrs }: OpNode, rows: number): OpNode["attrs"] =>
  op === "Reshape" ? { ...attrs, to: [rows, ...(attrs.to as readonly number[]).slice(1)] } : attrs;

/** Cuts rows out of values, each stretch of a value once. */
function cutter(): (target: Graph, x: Value, start: number, end: number) => Value {
  const known = new Map<string, Value>();
  return (target, x, start, end) => {
    const key = `${x.name} ${start}`;
    const value = known.get(key) ?? opsOf(target).Slice(x, { starts: [start], ends: [end], axes: [0] });
    known.set(key, value);
    return value;
  };
}

function readersOf(graph: Graph): Map<string, Set<OpNode>> {
  const readers = new Map<string, Set<OpNode>>();
  for (const node of graph.nodes) {
    for (const { name } of node.inputs) readers.set(name, (readers.get(name) ?? new Set()).add(node));
  }
  return readers;
}

const isKnown = (v: Value): boolean => v.shape.every((d) => typeof d === "number");
