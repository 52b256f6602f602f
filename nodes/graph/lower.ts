import { type Builder, builderOf } from "#models/blocks/builder";
import { Caches } from "#models/blocks/caches";
import { Generation } from "#models/blocks/generation";
import type { NameRules } from "#models/architectures/core/names";
import { type DType, Graph, type Init, type Shape, type Value } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import type { Bounds } from "#models/train/step";
import { matches } from "#models/patterns";
import { type AdapterSettings, adapterOn, adapterScale, inputAxisOf } from "../core/adapters";
import type { Port } from "../core/ports";
import { tiedTo } from "../core/ties";
import type { MovingAverage, Weights } from "../core/values";
import type { Endpoint } from "./document";
import { askedOf, emitNode, parameterName } from "./infer";
import { parametersFrom } from "./origins";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "./resolve";

/** A parameter of a lowered graph, and the weights wire that fills it; without one it is drawn afresh. */
export interface LoweredParameter {
  /** Its name in the graph. */
  graphName: string;
  /** Its name in a checkpoint. */
  name: string;
  /** Equal for parameters that are one tensor, in whatever graph they are lowered. */
  id: string;
  weights?: Endpoint;
  /** A low-rank adapter: drawn afresh where the checkpoint has none. */
  adapter: boolean;
  /** How files that Patchbay did not write call it: its name without the node's scope, and what they make of it. */
  foreign?: { name: string; rules: NameRules };
  /** For a teacher's parameter: how it follows the student's, and what that is called. */
  teaches?: MovingAverage & { student: string };
}

export interface Lowered {
  graph: Graph;
  /** Graph inputs, named "node.port", and the wires that feed them. */
  feeds: { name: string; from: Endpoint }[];
  /** The values of the asked endpoints, by "node.port". */
  values: Map<string, Value>;
  parameters: LoweredParameter[];
  /** Bounds of parameters, by graph name. */
  clamp: Record<string, Bounds>;
  /** What goes round from token to token, where the graph is lowered to generate. */
  generation?: Generation;
  /** What comes in and goes out of a decoder that is exported to write token by token. */
  caches?: Caches;
}

export interface LowerOptions {
  training?: boolean;
  /** Decoders are built for new tokens alone. */
  generates?: boolean;
  /** Decoders are built with their caches as inputs and outputs. */
  caches?: boolean;
  /** The weights handles that nodes read, by endpoint: what is frozen, adapted, tied, averaged. */
  handles?: ReadonlyMap<string, Weights>;
  /** Parameters of graphs that were lowered before, by name: a tensor has one name in all of them. */
  claimed?: Map<string, LoweredParameter>;
}

/** What the moving average of a parameter is called beside it. */
export const averageOf = (name: string): string => `${name}#average`;

/** What a teacher's parameter is called in a checkpoint. */
function teacherName(name: string, { suffix }: MovingAverage): string {
  const [first = "", ...others] = name.split(".");
  return [first + suffix, ...others].join(".");
}

/** Tensor nodes to one graph. `typeOf` says what comes in from outside of them. */
export function lower(
  resolved: ResolvedGraph,
  nodes: readonly string[],
  typeOf: (from: Endpoint) => { dtype: DType; shape: Shape },
  { training = false, generates = false, caches = false, handles, claimed: parameters = new Map() }: LowerOptions = {},
): Lowered {
  const lowered: Lowered = { graph: new Graph(), feeds: [], values: new Map(), parameters: [], clamp: {} };
  if (generates) lowered.generation = new Generation(lowered.graph);
  if (caches) lowered.caches = new Caches(lowered.graph);
  const valueOf = valueOrFeed(lowered, typeOf);
  const chosen = new Set(nodes);
  for (const node of resolved.nodes.values()) {
    if (!chosen.has(node.id)) continue;
    const weights = node.inputs.weights?.[0];
    const handle = weights && handles?.get(endpointKey(weights));
    const claim = claims(resolved, node, handle, parameters);
    const clamp = boundsOf(node);
    const builder = parametersOf(lowered.graph, handle, claim, { training, clamp, foreignOf: foreignNames(node) });
    const outputs = emitNode(
      lowered.graph,
      node,
      tensorInputs(node, valueOf),
      { ...builder, generation: lowered.generation, caches: lowered.caches },
      askedOf(resolved, node),
    );
    for (const [port, value] of Object.entries(outputs)) {
      lowered.values.set(endpointKey({ node: node.id, port }), value);
    }
    for (const [name, bounds] of clamp) lowered.clamp[claim(name)] = bounds;
  }
  const ownNames = new Set(lowered.graph.parameters.map(({ name }) => name));
  lowered.parameters = [...parameters.values()].filter(({ graphName }) => ownNames.has(graphName));
  return lowered;
}

/**
 * Gives the value of an endpoint: that of a node lowered before, or else an input of the graph, made when it is first
 * read.
 */
function valueOrFeed(
  { graph, feeds, values }: Lowered,
  typeOf: (from: Endpoint) => { dtype: DType; shape: Shape },
): (from: Endpoint) => Value {
  const fed = new Map<string, Value>();
  return (from) => {
    const name = endpointKey(from);
    const known = values.get(name) ?? fed.get(name);
    if (known) return known;
    const { dtype, shape } = typeOf(from);
    const value = graph.input(name, dtype, shape);
    fed.set(name, value);
    feeds.push({ name: value.name, from });
    return value;
  };
}

function tensorInputs(node: ResolvedNode, valueOf: (from: Endpoint) => Value) {
  const inputs: Record<string, Value | Value[] | undefined> = {};
  for (const [name, port] of Object.entries<Port>(node.definition.inputs)) {
    if (port.type !== "tensor") continue;
    const incoming = (node.inputs[name] ?? []).map(valueOf);
    inputs[name] = port.many ? incoming : incoming[0];
  }
  return inputs;
}

/**
 * Finds the graph name of a parameter: nodes that read tensors of one origin share those of one name; the same name
 * of another origin is another tensor.
 */
function claims(
  graph: ResolvedGraph,
  node: ResolvedNode,
  handle: Weights | undefined,
  parameters: Map<string, LoweredParameter>,
): Claim {
  const weights = node.inputs.weights?.[0];
  const origin = parametersFrom(graph, node);
  const foreignOf = foreignNames(node);
  return (student, { adapter = false, average = handle?.average } = {}) => {
    const name = average ? teacherName(student, average) : student;
    const id = `${origin}/${student}${average ? "#average" : ""}`;
    const isOther = (known: LoweredParameter | undefined) => known !== undefined && known.id !== id;
    let graphName = average && name === student ? averageOf(student) : name;
    while (isOther(parameters.get(graphName))) graphName = `${graphName}@${origin}`;
    if (!parameters.has(graphName))
      parameters.set(graphName, {
        graphName,
        name,
        id,
        weights,
        adapter,
        ...(foreignOf ? { foreign: foreignOf(student) } : {}),
        ...(average ? { teaches: { ...average, student } } : {}),
      });
    return graphName;
  };
}

/** The bounds of a node's parameters, by their names in a checkpoint. */
function boundsOf(node: ResolvedNode): Map<string, Bounds> {
  const bounds = Object.entries<Bounds>(node.definition.clamp ?? {});
  return new Map(bounds.map(([name, each]) => [parameterName(node, name), each]));
}

/** What files that Patchbay did not write call the parameters of a node, where it knows such names. */
function foreignNames(node: ResolvedNode): ((name: string) => { name: string; rules: NameRules }) | undefined {
  const rules = node.definition.names?.(node.params);
  const ownNameLength = parameterName(node, "").length;
  return rules && ((name) => ({ name: name.slice(ownNameLength), rules }));
}

/**
 * Claims a parameter by its name in a checkpoint; the result is its name in the graph. `average: null` asks for the
 * student's where the handle is a teacher's.
 */
type Claim = (name: string, options?: { adapter?: boolean; average?: MovingAverage | null }) => string;

/** A builder whose parameters, given by full name, are what a weights handle makes of them. */
function parametersOf(
  graph: Graph,
  handle: Weights | undefined,
  claim: Claim,
  { training, clamp, foreignOf }: ParameterOptions,
): Builder {
  const builder = builderOf(graph, training);
  const { op } = builder;
  const { frozen = [], lora = [], ties = [], average } = handle ?? {};
  const frozenBuffers = new Set<string>();
  const isTeacher = average !== undefined;
  const adapterPatterns = frozen.filter((pattern) => pattern.includes("lora_"));
  const stopped = (value: Value) => (training ? op.StopGradient(value) : value);
  const stoppedIf = (fixed: boolean, value: Value) => (fixed ? stopped(value) : value);
  const movesFirst = training && average?.follows === "before the step";
  const parameter = (name: string, shape: readonly number[], init: Init, adapter = false) => {
    const own = graph.parameter(claim(name, { adapter }), shape, init, isTeacher);
    if (!movesFirst) return own;
    const student = graph.parameter(claim(name, { adapter, average: null }), shape, init);
    return movedOn(graph, own, student, average.momentum);
  };

  /**
   * W + scale·A·B (Hu et al. 2021): A starts as a Linear's default, B at zero, and W stays. With DoRA (Liu et al. 2024)
   * each output's numbers are then brought to the length ‖W‖ + M, where M starts at zero; as there, and in PEFT, no
   * gradient goes through the length that they had.
   */
  function adapted(base: Value, name: string, shape: readonly number[], adapter: AdapterSettings): Value {
    const { rank } = adapter;
    const [inputs = 0, outputs = 0] = shape;
    const part = (suffix: string, size: readonly number[], init: Init) =>
      stoppedIf(
        isTeacher || matches(`${name}.${suffix}`, adapterPatterns),
        parameter(`${name}.${suffix}`, size, init, true),
      );
    const a = part("lora_A", [inputs, rank], { kind: "uniform", bound: inputs ** -0.5 });
    const b = part("lora_B", [rank, outputs], { kind: "zeros" });
    const sum = op.Add(stopped(base), op.Mul(op.MatMul(a, b), builder.constant([adapterScale(adapter)])));
    if (!adapter.dora) return sum;
    const axes = [inputAxisOf(adapter, foreignOf?.(name))];
    const count = axes[0] ? inputs : outputs;
    const longer = op.Reshape(part("lora_M", [count], { kind: "zeros" }), { to: axes[0] ? [count, 1] : [1, count] });
    const length = op.Add(op.ReduceL2(stopped(base), { axes }), longer);
    return op.Mul(sum, op.Div(length, stopped(op.ReduceL2(sum, { axes }))));
  }

  return {
    ...builder,
    buffer(name, shape, init) {
      const buffer = builder.buffer(claim(name), shape, init);
      if (matches(name, frozen)) frozenBuffers.add(buffer.name);
      return buffer;
    },
    isFrozen: (buffer) => frozenBuffers.has(buffer.name),
    weight(name, shape, init) {
      const { name: source, transposed } = tiedTo(name, ties);
      const stored = transposed ? shape.toReversed() : shape;
      const base = withinBounds(parameter(source, stored, init), clamp.get(source));
      const adapter = stored.length === 2 ? adapterOn(source, lora, foreignOf?.(source)) : undefined;
      const value = adapter
        ? adapted(base, source, stored, adapter)
        : stoppedIf(isTeacher || matches(source, frozen), base);
      return transposed ? op.Transpose(value, { perm: stored.map((_, i) => stored.length - 1 - i) }) : value;
    },
  };

  /** A parameter that a step begins by bringing back into bounds; its gradient is that of the number within them. */
  function withinBounds(value: Value, bounds: Bounds | undefined): Value {
    if (bounds?.[2] !== "before") return value;
    const clipped = op.Clip(value, builder.constant([bounds[0]]), builder.constant([bounds[1]]));
    return training ? op.Add(op.StopGradient(clipped), op.Sub(value, op.StopGradient(value))) : clipped;
  }
}

interface ParameterOptions {
  training: boolean;
  /** Bounds by the names of parameters. */
  clamp: ReadonlyMap<string, Bounds>;
  foreignOf: ReturnType<typeof foreignNames>;
}

/** A teacher's tensor that moves at the beginning of a step, and what the step reads of it: m·own + (1 − m)·student. */
function movedOn(graph: Graph, own: Value, student: Value, momentum: number): Value {
  const known = graph.updates.get(own.name);
  if (known) return known;
  const op = opsOf(graph);
  const [kept, taken] = [momentum, 1 - momentum].map((share) => graph.constant([share])) as [Value, Value];
  const next = op.Add(op.Mul(own, kept), op.Mul(op.StopGradient(student), taken));
  graph.updates.set(own.name, next);
  return next;
}
