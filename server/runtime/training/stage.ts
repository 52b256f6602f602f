import { NoGradientError } from "#models/onnx/differentiate";
import type { Dim, DType, Graph, Shape, Value } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import type { Halves } from "#models/onnx/split";
import { matches } from "#models/patterns";
import { hoist } from "#models/train/hoist";
import { layersAbove } from "#models/train/layer-depth";
import { mixedPrecision } from "#models/train/mixed-precision";
import { batchSymbol, compileProgram, itemSymbols, type Program } from "#models/train/program";
import { type Average, trainable, type UpdateSpec } from "#models/train/step";
import type { Stage, TrainRequest } from "#nodes/core/host";
import type { Tensor, Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import type { Types } from "#nodes/graph/infer";
import { type Lowered, type LoweredParameter, lower } from "#nodes/graph/lower";
import { type Cone, coneOf } from "#nodes/graph/plan";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import { Failure } from "../../errors";
import { itemsSymbol } from "../region-rows";
import type { Batches } from "./batches";

/** One of the branches of the graph that the steps of a stage are taken on, in turns. */
export interface StageSpec {
  graph: ResolvedGraph;
  /** The trainer. */
  node: string;
  request: TrainRequest;
  stage: Stage;
  /** Patterns of the nodes whose losses count; empty: all. */
  losses: readonly string[];
  handles: ReadonlyMap<string, Weights>;
  /** What is known of wires before anything runs. */
  wires: Types;
  /** What all branches of the stage have in common. */
  shared: SharedByBranches;
}

export interface SharedByBranches {
  /** Parameters by their names in the graphs: a tensor has one name in all of them. */
  claimed: Map<string, LoweredParameter>;
  /** The names of those that any branch trains. */
  learning: Set<string>;
}

/** What a branch trains, as tensor graph with a symbolic batch, and the part of it that runs once for each row. */
export interface BuiltStage {
  lowered: Lowered;
  halves?: Halves;
  /** What is differentiated: all of it, or what lies behind the part that runs once. */
  graph: Graph;
  /** Names of the batch values it reads. */
  reads: string[];
}

/** What is known of a batch value without its numbers. */
export type TensorType = Pick<Tensor, "dtype" | "shape" | "counts">;

/** The types of the tensors of a batch. */
export function typesOf(values: ReadonlyMap<string, unknown>): Map<string, TensorType> {
  const tensors = [...values].filter((entry): entry is [string, Tensor] => "dtype" in (entry[1] as object));
  return new Map(tensors.map(([name, { dtype, shape, counts }]) => [name, { dtype, shape, counts }]));
}

/** The losses that count in a branch, and everything upstream of them. */
export function coneOfStage({
  graph,
  node,
  request,
  stage,
  losses,
}: Omit<StageSpec, "handles" | "wires" | "shared">): Cone {
  const title = (id: string) => graph.nodes.get(id)?.definition.title ?? id;
  const ends = request.losses
    .filter((l) => !losses.length || matches(l.node, losses))
    .map(({ node, port }) => ({ node, port }));
  if (!ends.length)
    throw new Failure({
      node,
      param: "stages",
      message:
        `The stage “${stage.name}” asks for losses of ${losses.join(", ")}, ` +
        `and none of those is wired to ${title(node)}.`,
      hint: `Wired are ${request.losses.map((l) => l.node).join(", ")}.`,
    });
  const cone = coneOf(graph, ends);
  const [blocked] = cone.after;
  if (blocked)
    throw new Failure({
      node: blocked,
      message: `${title(blocked)} stands between a trained node and the loss, and no gradient can pass it.`,
      hint: "Use it after the training, on a second branch, or take it out of the path to the loss.",
    });
  if (!cone.tensors.length)
    throw new Failure({
      node,
      port: "loss",
      message: "Nothing upstream of the loss can be trained.",
      hint: "Wire a loss that depends on an encoder or a projector.",
    });
  return cone;
}

/** Lowers a branch for batches of these types, and cuts off what runs once. */
export function buildStage(
  spec: StageSpec,
  cone: Cone,
  batches: Batches,
  types: ReadonlyMap<string, TensorType>,
): BuiltStage {
  const lowered = lowerStage(spec, cone, types);
  const halves = cutFrozen(spec, lowered, batches);
  const graph = halves?.second ?? lowered.graph;
  const crossing = new Set(halves?.boundary.map(({ name }) => name));
  const reads = graph.inputs.map(({ name }) => name).filter((name) => !crossing.has(name));
  return { lowered, halves, graph, reads };
}

/** Lowers a branch for batches of these types, and notes what it trains. */
export function lowerStage(spec: StageSpec, cone: Cone, types: ReadonlyMap<string, TensorType>): Lowered {
  const rows = rowsOfStep(spec, cone);
  const typeOf = (from: Endpoint): { dtype: DType; shape: Shape } => {
    const { dtype, shape, counts } = types.get(endpointKey(from)) as TensorType;
    // A single number is the same for all rows.
    if (!shape.length) return { dtype, shape };
    return { dtype, shape: [counts ? itemsSymbol(spec.wires, from) : rows, ...shape.slice(1)] };
  };
  const { handles, shared } = spec;
  const lowered = lower(spec.graph, cone.tensors, typeOf, { training: true, handles, claimed: shared.claimed });
  const losses = declareLosses(lowered, spec.node, cone.ends);
  for (const name of learningIn(spec, lowered, losses)) shared.learning.add(name);
  return lowered;
}

/** Any number of rows, or that of a model among the nodes that takes no other. */
function rowsOfStep({ graph, node, request, stage }: StageSpec, cone: Cone): Dim {
  const bound = cone.tensors.map((id) => graph.nodes.get(id)).find((found) => found?.definition.batch !== undefined);
  if (!bound) return batchSymbol;
  const { batch, title } = bound.definition;
  const isWhole = request.chunk === 0 || request.chunk === stage.batchSize;
  if (batch !== undefined && batch === stage.batchSize && isWhole) return batch;
  throw new Failure({
    node,
    param: batch === stage.batchSize ? "chunk" : "batch",
    message: `${title} “${bound.id}” was exported for a batch of ${batch}, and takes no other.`,
    hint: `Set the batch to ${batch}, in one piece, or export the model with dynamic axes.`,
  });
}

/** Makes outputs of the sum of the losses and, where there are several, of each. */
function declareLosses(lowered: Lowered, node: string, ends: readonly Endpoint[]): Value[] {
  const { graph } = lowered;
  const op = opsOf(graph);
  const losses = ends.map((end) => scalarOf(lowered, node, end));
  const sum = losses.reduce((total, loss) => op.Add(total, loss));
  graph.output("loss", sum);
  if (losses.length > 1) {
    for (const [i, end] of ends.entries()) graph.output(`loss/${end.node}`, losses[i] as Value);
  }
  return losses;
}

/** The graph names of the parameters that a branch trains. */
function learningIn({ node, request, stage }: StageSpec, lowered: Lowered, losses: readonly Value[]): string[] {
  const { graph, parameters } = lowered;
  const names = new Map(parameters.map(({ graphName, name }) => [graphName, name]));
  const { rateOf } = groups(stage, names);
  const learning = trainable(graph, losses, { rateOf }).map(({ name }) => name);
  if (learning.length) return learning;
  const inStage = request.stages.length > 1 ? ` in the stage “${stage.name}”` : "";
  throw new Failure({
    node,
    port: "loss",
    message: `Every parameter upstream of the loss is frozen${inStage}, so nothing can be trained.`,
    hint: "Freeze fewer parameters, or let the stage train more.",
  });
}

/** The part whose numbers never change and that may run once for each row, cut off from what is trained. */
function cutFrozen({ request, shared }: StageSpec, { graph, parameters }: Lowered, batches: Batches) {
  if (request.hoist === "off") return undefined;
  const { learning, claimed } = shared;
  const names = new Map([...claimed.values()].map(({ graphName, name }) => [graphName, name]));
  // A teacher's parameters change with those of its student.
  const learningNames = new Set([...learning].map((graphName) => names.get(graphName)));
  const following = new Set(
    parameters.filter(({ teaches }) => teaches && learningNames.has(teaches.student)).map(({ graphName }) => graphName),
  );
  return hoist(graph, {
    symbol: batchSymbol,
    items: itemSymbols(graph),
    dtype: request.hoist,
    isFrozen: (name) => !learning.has(name) && !following.has(name),
    isSteady: (name) => batches.isSteady(name),
  });
}

/** The share of the learning rate and the decay of each parameter: the first pattern that its name fits. */
function groups(
  { trains }: Stage,
  names: ReadonlyMap<string, string>,
): { rateOf(graphName: string): number | undefined; decayOf(graphName: string): number | undefined } {
  const nameOf = (graphName: string) => names.get(graphName) ?? graphName;
  const groupOf = (graphName: string) => trains.find(({ pattern }) => matches(nameOf(graphName), [pattern]));
  const above = layersAbove([...names.values()]);
  const rateOf = (graphName: string) => {
    const { rate, layerDecay } = groupOf(graphName) ?? {};
    return rate === undefined || layerDecay === undefined ? rate : rate * layerDecay ** above(nameOf(graphName));
  };
  return { rateOf, decayOf: (graphName) => groupOf(graphName)?.decay };
}

function scalarOf({ values }: Lowered, node: string, end: Endpoint): Value {
  const value = values.get(endpointKey(end)) as Value;
  if (value.shape.length)
    throw new Failure({
      node,
      port: "loss",
      message: `${endpointKey(end)} is [${value.shape.join(", ")}], and a loss is a single number.`,
      hint: "Wire the output of a loss node.",
    });
  return value;
}

/** The name of a parameter's moving average in the trainer's own account. */
export const emaOf = (name: string): string => `${name}#ema`;

/** The training step of a built stage, for a batch like this. */
export function compileStage(
  spec: StageSpec,
  { lowered, graph }: BuiltStage,
  batch: ReadonlyMap<string, Pick<Tensor, "shape">>,
  { givesGradients }: Pick<UpdateSpec, "givesGradients"> = {},
): Program {
  const { graph: nodes, node, request, stage } = spec;
  const names = new Map(lowered.parameters.map(({ graphName, name }) => [graphName, name]));
  const { rateOf, decayOf } = groups(stage, names);
  const learning = trainable(graph, [graph.outputs.get("loss") as Value], { rateOf }).map(({ name }) => name);
  refuseUnevenChunks(spec, graph);
  try {
    return compileProgram(graph, {
      optimizer: request.optimizer,
      clipNorm: request.clipNorm,
      rateOf,
      decayOf,
      clamp: lowered.clamp,
      averages: averagesOf(spec, lowered, learning),
      batch: stage.batchSize,
      items: itemCounts(graph, batch),
      accumulate: stage.accumulate,
      chunk: request.chunk,
      givesGradients,
      recomputes: ({ scope }) => scope !== undefined && matches(scope, request.recompute),
      ...(request.precision === "float16" ? { scaling: true, prepare: mixedPrecision } : {}),
    });
  } catch (error) {
    if (!(error instanceof NoGradientError)) throw error;
    const { title } = (nodes.nodes.get(node) as ResolvedNode).definition;
    throw new Failure(
      {
        node,
        port: "loss",
        message: `${title} cannot train this: ${error.message}`,
        hint: "Freeze what comes before that operation.",
      },
      { cause: error },
    );
  }
}

/** How many items the rows of a batch have, by what counts them in a graph that reads it. */
export function itemCounts(graph: Graph, batch: ReadonlyMap<string, Pick<Tensor, "shape">>): Record<string, number> {
  const symbols = new Set<Dim | undefined>(itemSymbols(graph));
  const read = graph.inputs.filter(({ shape: [size] }) => symbols.has(size));
  return Object.fromEntries(read.map(({ name, shape }) => [shape[0] as string, batch.get(name)?.shape[0] ?? 0]));
}

/** How many items rows have in the mean of those that came, by what counts them. */
export function itemsPerRow({ lowered }: BuiltStage, types: ReadonlyMap<string, TensorType>, symbol: string): number {
  const input = lowered.graph.inputs.find(({ shape: [size] }) => size === symbol);
  const counts = types.get(input?.name ?? "")?.counts ?? [];
  return counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
}

function refuseUnevenChunks({ node, request: { chunk }, stage: { batchSize } }: StageSpec, graph: Graph): void {
  if (chunk === 0 || chunk === batchSize) return;
  if (itemSymbols(graph).length)
    throw new Failure({
      node,
      param: "chunk",
      message: "Rows that have any number of pictures or tiles each are not encoded some at a time.",
      hint: "Set “Encode at a time” to 0, and average the gradients of several smaller batches instead (Accumulate).",
    });
  if (batchSize % chunk === 0) return;
  throw new Failure({
    node,
    param: "chunk",
    message: `A batch of ${batchSize} rows cannot be cut into chunks of ${chunk}.`,
    hint: "Choose a chunk that divides the batch.",
  });
}

/**
 * Parameters that follow others slowly: a teacher's those of its student, and the trainer's own average what learns.
 */
function averagesOf({ request }: StageSpec, { parameters }: Lowered, learning: readonly string[]): Average[] {
  const students = new Map(parameters.filter(({ teaches }) => !teaches).map(({ id, graphName }) => [id, graphName]));
  const teachers = parameters.flatMap(({ graphName, id, teaches }) => {
    // What moves at the beginning of a step is a part of the graph.
    if (teaches?.follows !== "after the update") return [];
    return [{ name: graphName, parameter: students.get(studentOf(id)) ?? "", decay: teaches.momentum }];
  });
  if (request.average === 0) return teachers;
  return [...teachers, ...learning.map((name) => ({ name: emaOf(name), parameter: name, decay: request.average }))];
}

/** The id of the parameter that a teacher's follows. */
export const studentOf = (id: string): string => id.replace(/#average$/, "");
