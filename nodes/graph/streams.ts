/**
 * Which steps of a plan work row by row, and may run together chunk by chunk instead of one after the other on all
 * rows.
 */
import type { Dim, Value } from "#models/onnx/graph";
import { runsByRow } from "#models/onnx/rows";
import { anySize, rowsOfWire } from "./bindings";
import type { NodeDefinition } from "../core/node";
import type { WireType } from "../core/ports";
import type { Endpoint } from "./document";
import { symbolicType, type Types } from "./infer";
import { type Lowered, lower } from "./lower";
import { grouped, neededEndpoints, type Step } from "./plan";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "./resolve";
import { chunkedInputs } from "./row-ports";

const noWire: WireType = { type: "tensor" };

/** A step that works row by row. */
export interface RowStep {
  step: Step;
  /** What comes to it in chunks, by "node.port"; everything else that it reads comes whole. */
  rows: ReadonlySet<string>;
  /** What another input reads whole: the names of pictures may be the truth of each, and the labels of all. */
  whole: ReadonlySet<string>;
}
/** Steps that share their rows: each gives the next one its chunk, and none waits for all rows. */
export interface Stream {
  kind: "stream";
  steps: RowStep[];
}

/**
 * Puts steps together to streams where that is possible. The order respects every wire. `inputsInRows` says which
 * inputs of a host node come in chunks.
 */
export function streamsOf(
  graph: ResolvedGraph,
  types: Types,
  steps: readonly Step[],
  inputsInRows: (definition: NodeDefinition) => string[] = chunkedInputs,
): (Step | Stream)[] {
  const stepOf = new Map(steps.flatMap((step) => nodesOfStep(step).map((id) => [id, step] as const)));
  const rowSteps = new Map(steps.map((step) => [step, rowStepOf(graph, types, step, inputsInRows)]));
  const sourcesOf = (step: Step): Step[] => {
    const nodes = nodesOfStep(step);
    const needed = nodes.flatMap((id) => neededEndpoints(graph, graph.nodes.get(id) as ResolvedNode));
    return needed.flatMap(({ node }) => (nodes.includes(node) ? [] : (stepOf.get(node) ?? [])));
  };
  const fuses = (source: Step, step: Step): boolean => {
    const rowStep = rowSteps.get(step);
    // What folds rows gives nothing before the last of them.
    if (!rowStep || !rowSteps.get(source) || isReducer(graph, source)) return false;
    if (padsToLongest(graph, step) && !isMadeTwice(source)) return false;
    const given = inputsOf(graph, step).filter((endpoint) => stepOf.get(endpoint.node) === source);
    return given.length > 0 && given.map(endpointKey).every((name) => comesInRowsAlone(rowStep, name));
  };
  // What all rows need is found out before the first of them goes on: whatever leads there is made once more for it.
  const isMadeTwice = (step: Step): boolean =>
    step.kind === "host" &&
    graph.nodes.get(step.node)?.definition.expensive !== true &&
    sourcesOf(step).every((source) => !fuses(source, step) || isMadeTwice(source));
  return grouped(steps, sourcesOf, fuses).map((group): Step | Stream => {
    const found = group.map((step) => rowSteps.get(step));
    const [first] = group;
    if (first && found.some((step) => step === undefined)) return first; // alone: such a step fuses with none
    return { kind: "stream", steps: found as RowStep[] };
  });
}

/** What is read with all its rows at once, by "node.port". */
export function readWhole(graph: ResolvedGraph, steps: readonly (Step | Stream)[]): Set<string> {
  const whole = new Set<string>();
  for (const step of steps) {
    for (const rowStep of step.kind === "stream" ? step.steps : [{ step, ...nothingInRows }]) {
      const names = inputsOf(graph, rowStep.step).map(endpointKey);
      for (const name of names.filter((each) => !comesInRowsAlone(rowStep, each))) whole.add(name);
    }
  }
  return whole;
}

const nothingInRows = { rows: new Set<string>(), whole: new Set<string>() };

const comesInRowsAlone = ({ rows, whole }: RowStep, name: string): boolean => rows.has(name) && !whole.has(name);

/** Whether the sizes of what a step gives follow from all of its rows. */
const padsToLongest = (graph: ResolvedGraph, step: Step): boolean =>
  step.kind === "host" && graph.nodes.get(step.node)?.definition.perBatch === true;

const isReducer = (graph: ResolvedGraph, step: Step): boolean =>
  step.kind === "host" && graph.nodes.get(step.node)?.definition.reduce !== undefined;

/** The nodes of a step. */
export const nodesOfStep = (step: Step): readonly string[] => (step.kind === "host" ? [step.node] : step.nodes);

/** The values that nodes of a step read of others, but for those that are handed over uncomputed. */
function inputsOf(graph: ResolvedGraph, step: Step): Endpoint[] {
  const nodes = nodesOfStep(step);
  const read = nodes.flatMap((id) => {
    const { inputs, definition } = graph.nodes.get(id) as ResolvedNode;
    return Object.entries(inputs).flatMap(([name, from]) => (definition.inputs[name]?.deferred ? [] : from));
  });
  return read.filter((endpoint) => !nodes.includes(endpoint.node));
}

function rowStepOf(
  graph: ResolvedGraph,
  types: Types,
  step: Step,
  inputsInRows: (definition: NodeDefinition) => string[],
): RowStep | undefined {
  const rows =
    step.kind === "host"
      ? hostRows(graph.nodes.get(step.node) as ResolvedNode, types, inputsInRows)
      : regionRows(graph, types, step.nodes);
  if (!rows?.length) return undefined;
  const whole = step.kind === "host" ? hostWhole(graph.nodes.get(step.node) as ResolvedNode, inputsInRows) : [];
  return { step, rows: new Set(rows.map(endpointKey)), whole: new Set(whole.map(endpointKey)) };
}

/** The wires along which a host node takes its rows; none where it needs all rows at once. */
function hostRows(
  { definition, inputs }: ResolvedNode,
  types: Types,
  inputsInRows: (definition: NodeDefinition) => string[],
): Endpoint[] | undefined {
  const endpoints = inputsInRows(definition).flatMap((name) => inputs[name] ?? []);
  return shareRows(endpoints, types) ? endpoints : undefined;
}

/** The wires that a host node reads along inputs that take no rows. */
function hostWhole(
  { definition, inputs }: ResolvedNode,
  inputsInRows: (definition: NodeDefinition) => string[],
): Endpoint[] {
  const inRows = inputsInRows(definition);
  return Object.entries(inputs).flatMap(([name, from]) =>
    inRows.includes(name) || definition.inputs[name]?.deferred ? [] : from,
  );
}

/** Whether endpoints have the same number of rows, whatever it is. */
function shareRows(endpoints: readonly Endpoint[], types: Types): boolean {
  const symbols = new Set(endpoints.map(({ node, port }) => rowsOfWire(types[node]?.out[port] ?? noWire)));
  const [symbol] = symbols;
  return symbols.size === 1 && typeof symbol === "string" && symbol !== anySize;
}

/** The wires along which a region takes its rows, if its rows do not depend on each other. */
function regionRows(graph: ResolvedGraph, types: Types, nodes: readonly string[]): Endpoint[] | undefined {
  if (nodes.some((id) => graph.nodes.get(id)?.definition.batch !== undefined)) return batchRows(graph, types, nodes);
  for (const sizeOf of standIns) {
    const rows = rowsByStandIn(graph, types, nodes, sizeOf);
    if (rows) return rows;
  }
  return undefined;
}

/** What a size of a row that is not known is taken for, given the number of axes. */
type StandIn = (size: string, rank: number) => Dim;

/** A length that every text model takes, and a side of pictures that patches of 7, 8, 14, 16, 28 and 32 divide. */
const [someLength, someSide] = [8, 448];

/**
 * Sizes of a row that are not known, such as how high pictures are that are padded to the largest, stay symbols. Where
 * a model cannot be built so, or it is not seen then that rows do not meet, numbers stand in for them, since whether
 * they meet does not depend on such sizes.
 */
const standIns: readonly StandIn[] = [
  (size) => size,
  () => someLength,
  (_, rank) => (rank > 2 ? someSide : someLength),
];

/** The same where a region is built for rows of such sizes; nothing where it cannot be, or its rows meet. */
function rowsByStandIn(
  graph: ResolvedGraph,
  types: Types,
  nodes: readonly string[],
  sizeOf: StandIn,
): Endpoint[] | undefined {
  const typeOf = (from: Endpoint) => {
    const { dtype, shape } = symbolicType(types, from);
    const sized = shape.map((size, axis) => (axis && typeof size === "string" ? sizeOf(size, shape.length) : size));
    return { dtype, shape: sized };
  };
  let lowered: Lowered;
  try {
    lowered = lower(graph, nodes, typeOf);
  } catch {
    return undefined;
  }
  for (const endpoint of readOutside(graph, nodes)) {
    const name = endpointKey(endpoint);
    const value = lowered.values.get(name);
    if (value) lowered.graph.output(name, value);
  }
  const wires = lowered.feeds.map(({ from }, i) => ({
    from,
    ...rowsOfInput(lowered.graph.inputs[i] as Value, from, types),
  }));
  const symbol = [...new Set(wires.map(({ rows }) => rows))].find((rows) => {
    const items = wires.flatMap((wire) => (wire.rows === rows && wire.items !== undefined ? [wire.items] : []));
    return rows !== undefined && runsByRow(lowered.graph, rows, items);
  });
  return symbol === undefined ? undefined : wires.flatMap(({ from, rows }) => (rows === symbol ? [from] : []));
}

/** What counts the rows of an input, and where they are packed, what counts their items. */
function rowsOfInput({ shape }: Value, { node, port }: Endpoint, types: Types): { rows?: string; items?: string } {
  const [leading] = shape;
  const { packed } = types[node]?.out[port] ?? noWire;
  if (typeof leading !== "string") return {};
  return typeof packed === "string" ? { rows: packed, items: leading } : { rows: leading };
}

/** The wires along which a node that takes one number of rows at a time takes them: it stands alone. */
function batchRows(graph: ResolvedGraph, types: Types, nodes: readonly string[]): Endpoint[] | undefined {
  const [node] = nodes.map((id) => graph.nodes.get(id) as ResolvedNode);
  if (!node) return undefined;
  const inputs = Object.entries(node.inputs).filter(([name]) => node.definition.inputs[name]?.type === "tensor");
  const endpoints = inputs.flatMap(([, sources]) => sources);
  const outputs = Object.keys(node.definition.outputs).map((port) => ({ node: node.id, port }));
  const areItems = endpoints.some((from) => types[from.node]?.out[from.port]?.packed !== undefined);
  return !areItems && shareRows([...endpoints, ...outputs], types) ? endpoints : undefined;
}

/** What others read of some nodes; all that a node gives where nobody reads any of it. */
function readOutside(graph: ResolvedGraph, nodes: readonly string[]): Endpoint[] {
  const read = new Set<string>();
  const inside = new Set<string>();
  for (const node of graph.nodes.values()) {
    const sources = Object.values(node.inputs).flat();
    for (const endpoint of sources) (nodes.includes(node.id) ? inside : read).add(endpointKey(endpoint));
  }
  return nodes.flatMap((node) => {
    const ports = Object.keys(graph.nodes.get(node)?.definition.outputs ?? {}).map((port) => ({ node, port }));
    const outside = ports.filter((endpoint) => read.has(endpointKey(endpoint)));
    const unread = ports.every((endpoint) => !inside.has(endpointKey(endpoint)));
    return outside.length || !unread ? outside : ports;
  });
}
