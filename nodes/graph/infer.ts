import { type Dim, type DType, Graph, type Parameter, type Shape, type Value } from "#models/onnx/graph";
import { type Builder, builderOf, scoped } from "#models/blocks/builder";
import type { Port, WireType } from "../core/ports";
import { anySize, Bindings } from "./bindings";
import type { CheckMemory, InferredPart } from "./check-memory";
import type { Endpoint } from "./document";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "./resolve";
import { errorProblem, type Problem } from "./problem";
import type { IncomingWire, NodeWires } from "./wire-types";

/** What is known of each node's wires before anything runs. */
export type Types = Record<string, NodeWires>;

/** A shape as people read it: "[P of N, 3, 384, 384]" has the items of N rows on its first axis. */
export function shapeText(shape: Shape, packed?: Dim): string {
  const [items, ...others] = shape;
  return packed === undefined ? `[${shape.join(", ")}]` : `[${[`${items} of ${packed}`, ...others].join(", ")}]`;
}

/** Port types and symbolic shapes, unified along the wires, and whatever does not fit. */
export function infer(graph: ResolvedGraph, memory?: CheckMemory): { types: Types; problems: Problem[] } {
  const types: Types = {};
  const problems: Problem[] = [];
  const waiting = new Set<string>();
  for (const node of graph.nodes.values()) {
    const incoming = incomingWires(node, types, waiting);
    const known = memory?.inferred.get(node.params);
    const part = known && isStill(known, node, incoming) ? known : inferNode(graph, node, incoming);
    memory?.inferred.set(node.params, part);
    types[node.id] = part.wires;
    if (part.isWaiting) waiting.add(node.id);
    problems.push(...part.problems);
  }
  return { types, problems };
}

function inferNode(graph: ResolvedGraph, node: ResolvedNode, incoming: readonly IncomingWire[]): InferredPart {
  const { id, definition, prepared } = node;
  const bindings = new Bindings(node);
  const problems = incoming.flatMap((wire) => misfitsOf(node, wire, bindings));
  // What is wrong before this node is told there, and not again as sizes that differ here.
  for (const { port, isMissing } of incoming) if (isMissing) bindings.leaveOpen(port);
  const outgoing: Record<string, WireType> = {};
  for (const [name, port] of Object.entries<Port>(definition.outputs)) {
    const shape = port.shape && bindings.fill(port.shape);
    const keepsItems = port.packed !== undefined || definition.rowwise || definition.build;
    outgoing[name] = wireType(port, shape, keepsItems ? bindings.packedAs(shape, port.packed) : undefined);
    if (port.picks !== undefined) outgoing[name].picks = bindings.fill([port.picks])[0];
    if (port.type === "text" && outgoing[name].packed !== undefined) problems.push(packedTexts(node, name));
  }
  const wires = { in: Object.fromEntries(incoming.map(({ name, wire }) => [name, wire])), out: outgoing };
  const isWaiting = lacksInput(node) || incoming.some((wire) => wire.isWaiting);
  const part = { id, prepared, incoming, wires, isWaiting, problems };
  if (!definition.build || (definition.prepare && prepared === undefined)) return part;
  for (const wire of Object.values(outgoing)) wire.shape = undefined; // only building tells
  const built = problems.length ? undefined : tryBuild(graph, node, incoming, bindings);
  // What is not wired yet leaves sizes open: it may well be built once they are known.
  const waits = incoming.some((wire) => wire.isWaiting);
  if (built?.problem) problems.push(waits ? { ...built.problem, code: "build-waits" } : built.problem);
  for (const [name, value] of Object.entries(built?.outputs ?? {})) {
    outgoing[name] = wireType({ type: "tensor", dtype: value.dtype }, value.shape, bindings.packedAs(value.shape));
  }
  return part;
}

const wireType = ({ type, dtype }: Port, shape: Shape | undefined, packed: Dim | undefined): WireType =>
  packed === undefined ? { type, dtype, shape } : { type, dtype, shape, packed };

function packedTexts({ id, definition }: ResolvedNode, port: string): Problem {
  return errorProblem(
    "packed-texts",
    `${definition.title} would give a text for each item of a row (each picture or tile), and texts are one a row.`,
    "Wire pictures of which every row has one.",
    { node: id, port },
  );
}

/** Whether what was inferred still holds: of the same node, from wires that bring the same from the same ports. */
function isStill(part: InferredPart, node: ResolvedNode, incoming: readonly IncomingWire[]): boolean {
  return (
    part.id === node.id &&
    part.prepared === node.prepared &&
    part.incoming.length === incoming.length &&
    part.incoming.every((before, i) => isSameWire(before, incoming[i]))
  );
}

function isSameWire(before: IncomingWire, now: IncomingWire | undefined): boolean {
  if (
    before.name !== now?.name ||
    before.isMissing !== now.isMissing ||
    before.isWaiting !== now.isWaiting ||
    endpointKey(before.source) !== endpointKey(now.source)
  )
    return false;
  return before.wire === now.wire || JSON.stringify(before.wire) === JSON.stringify(now.wire);
}

/** The parameters that a tensor node makes of what comes in; none where too little of that is known. */
export function parametersIn(graph: ResolvedGraph, node: ResolvedNode, types: Types): readonly Parameter[] {
  const incoming = incomingWires(node, types);
  const bindings = new Bindings(node);
  const isFitting = incoming.every((wire) => !misfitsOf(node, wire, bindings).length);
  if (!isFitting || (node.definition.prepare && node.prepared === undefined)) return [];
  return tryBuild(graph, node, incoming, bindings)?.parameters ?? [];
}

/** What a tensor node emits, appended to `graph`. Parameters get the node's scope as prefix. */
export function emitNode(
  graph: Graph,
  node: ResolvedNode,
  inputs: Record<string, Value | Value[] | undefined>,
  builder: Builder = builderOf(graph, false),
  asked: ReadonlySet<string> = new Set(Object.keys(node.definition.outputs)),
): Record<string, Value> {
  const { definition, params, prepared } = node;
  if (!definition.build) throw new Error(`${definition.type} emits no ONNX`);
  graph.scope = node.id;
  const outputs = definition.build({ ...scoped(builder, scopeOf(node)), inputs, params, prepared, asked });
  graph.scope = undefined;
  return Object.fromEntries(Object.entries(outputs as Record<string, Value | undefined>).filter(isMade));
}

const isMade = (output: [string, Value | undefined]): output is [string, Value] => output[1] !== undefined;

/** The outputs of a node that something reads; where nothing reads any, all that are not made on demand alone. */
export function askedOf({ wired }: ResolvedGraph, { id, definition }: ResolvedNode): Set<string> {
  const ports = Object.keys(definition.outputs);
  const read = ports.filter((port) => wired.has(endpointKey({ node: id, port })));
  return new Set(read.length ? read : ports.filter((port) => !definition.outputs[port]?.optional));
}

/**
 * What comes in along a wire, for a graph that is lowered before anything runs: every size that is not known gets a
 * symbol.
 */
export function symbolicType(types: Types, from: Endpoint): { dtype: DType; shape: Shape } {
  const { dtype = "float32", shape } = types[from.node]?.out[from.port] ?? {};
  if (!shape)
    throw Object.assign(new Error(`The shape of ${endpointKey(from)} is not known before it is computed.`), {
      hint: "Wire a node whose output has a known shape.",
    });
  return { dtype, shape: shape.map((d, i) => (d === anySize ? `${from.node}.${from.port}${i}` : d)) };
}

/** The scope of a node whose parameters have names of their own, as those of a published checkpoint do. */
const rootScope = ".";

/** The prefix of a node's parameters in a checkpoint; empty where nothing stands before their names. */
export function scopeOf(node: ResolvedNode): string {
  const { scope } = node.params as { scope?: unknown };
  const prefix = node.scopePrefix ?? "";
  if (scope === rootScope) return prefix.slice(0, -1);
  const ownId = node.id.slice(node.id.lastIndexOf("/") + 1);
  return prefix + (typeof scope === "string" && scope !== "" ? scope : ownId);
}

/** What a parameter of a node is called in a checkpoint. */
export function parameterName(node: ResolvedNode, name: string): string {
  const scope = scopeOf(node);
  return scope === "" ? name : `${scope}.${name}`;
}

function lacksInput({ definition, inputs }: ResolvedNode): boolean {
  return Object.entries<Port>(definition.inputs).some(([name, port]) => !port.optional && !inputs[name]?.length);
}

function incomingWires(node: ResolvedNode, types: Types, waiting?: ReadonlySet<string>): IncomingWire[] {
  return Object.entries<Port>(node.definition.inputs).flatMap(([name, port]) =>
    (node.inputs[name] ?? []).map((source) => ({
      name,
      port,
      wire: types[source.node]?.out[source.port] ?? { type: port.type },
      isMissing: types[source.node] === undefined,
      isWaiting: waiting?.has(source.node) === true,
      source,
    })),
  );
}

/** Why an element type or a shape cannot come in here. What fits is bound to the port's letters. */
function misfitsOf(node: ResolvedNode, { name, port, wire, source }: IncomingWire, bindings: Bindings): Problem[] {
  const place = { node: node.id, port: name };
  const problems: Problem[] = [];
  if (port.dtype && wire.dtype && port.dtype !== wire.dtype) {
    const message = `${node.id}.${name} expects ${port.dtype}, but ${endpointKey(source)} gives ${wire.dtype}.`;
    problems.push(errorProblem("dtype-mismatch", message, "Connect an output with that element type.", place));
  }
  const misfit = bindings.meet(port, wire);
  if (misfit && port.shape && wire.shape) {
    const expected = `${node.id}.${name} expects ${shapeText(port.shape, port.packed)}`;
    const came = `${endpointKey(source)} gives ${shapeText(wire.shape, wire.packed)}`;
    const usual = bindings.readsItems
      ? "Wire values whose rows have one item each, or put the items of a row together before."
      : "Change the width or size on one side, or put a projector or resize between them.";
    const message = `${expected}, but ${came}: ${misfit.reason}.`;
    const shapes = {
      expected: { port: `${node.id}.${name}`, sizes: bindings.described(port.shape) },
      came: { port: endpointKey(source), sizes: wire.shape },
      axis: misfit.axis,
    };
    problems.push({ ...errorProblem("shape-mismatch", message, port.misfit ?? usual, place), shapes });
  }
  return problems;
}

/** What the node gives for what comes in, or why it cannot be built; nothing where too little is known to try. */
function tryBuild(
  graph: ResolvedGraph,
  node: ResolvedNode,
  incoming: readonly IncomingWire[],
  bindings: Bindings,
): { outputs?: Record<string, Value>; parameters?: readonly Parameter[]; problem?: Problem } | undefined {
  const scratch = new Graph();
  const inputs: Record<string, Value | Value[] | undefined> = {};
  for (const [name, port] of Object.entries<Port>(node.definition.inputs)) {
    if (port.type !== "tensor") continue;
    const wires = incoming.filter((candidate) => candidate.name === name);
    if (!wires.length && !port.optional) return undefined;
    const values = wires.map(({ wire }, i) => {
      const shape = wire.shape ? bindings.refined(port, wire.shape) : port.shape && bindings.fill(port.shape);
      return shape && scratch.input(`${name}.${i}`, wire.dtype ?? port.dtype ?? "float32", shape);
    });
    if (values.some((value) => value === undefined)) return undefined;
    inputs[name] = port.many ? (values as Value[]) : values[0];
  }
  try {
    const outputs = emitNode(scratch, node, inputs, undefined, askedOf(graph, node));
    return { outputs, parameters: scratch.parameters };
  } catch (error) {
    return { problem: buildProblem(graph, node, error as Error) };
  }
}

/** What a node's `build` may say beside its message: the input that is at fault, and what to do. */
type BuildError = Error & { port?: string; hint?: string };

function buildProblem(graph: ResolvedGraph, node: ResolvedNode, error: Error): Problem {
  const sources = Object.values(node.inputs)
    .flat()
    .filter((source) => graph.nodes.has(source.node))
    .map(endpointKey)
    .join(" and ");
  const reason = error.message.replace(/\.$/, "");
  const { port, hint = "Change a parameter or what is connected, so that the shapes fit." } = error as BuildError;
  return errorProblem(
    "build-failed",
    `${node.definition.title} cannot be built${sources && ` from ${sources}`}: ${reason}.`,
    hint,
    { node: node.id, ...(port !== undefined && { port }) },
  );
}
