import { NoGradientError } from "#models/onnx/differentiate";
import type { DType, Graph, Shape, Value } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import type { Halves } from "#models/onnx/split";
import { matches } from "#models/patterns";
import { hoist } from "#models/train/hoist";
import { mixedPrecision } from "#models/train/mixed-precision";
import { batchSymbol, compileProgram, type Program } from "#models/train/program";
import { type Average, trainable } from "#models/train/step";
import type { Stage, TrainRequest } from "#nodes/core/host";
import type { Tensor, Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { type Lowered, type LoweredParameter, lower } from "#nodes/graph/lower";
import { type Cone, coneOf } from "#nodes/graph/plan";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import { Failure } from "../../errors";
import type { Batches } from "./batches";

export interface StageSpec {
  graph: ResolvedGraph;
  /** The trainer. */
  node: string;
  request: TrainRequest;
  stage: Stage;
  handles: ReadonlyMap<string, Weights>;
}

/** What a stage trains, as tensor graph with a symbolic batch, and the part of it that runs once for each row. */
export interface BuiltStage {
  lowered: Lowered;
  halves?: Halves;
  /** What is differentiated: all of it, or what lies behind the part that runs once. */
  graph: Graph;
  /** Names of the batch values it reads. */
  reads: string[];
}

/** The losses that count in a stage, and everything upstream of them. */
export function coneOfStage({ graph, node, request, stage }: Omit<StageSpec, "handles">): Cone {
  const title = (id: string) => graph.nodes.get(id)?.definition.title ?? id;
  const ends = request.losses
    .filter((l) => !stage.losses.length || matches(l.node, stage.losses))
    .map(({ node, port }) => ({ node, port }));
  if (!ends.length)
    throw new Failure({
      node,
      param: "stages",
      message: `The stage “${stage.name}” asks for losses of ${stage.losses.join(", ")}, and none of those is wired to ${title(node)}.`,
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

/** Lowers a stage for batch values of these shapes, and cuts off what runs once. */
export function buildStage(
  { graph, node, request, stage, handles }: StageSpec,
  cone: Cone,
  batches: Batches,
  values: ReadonlyMap<string, unknown>,
): BuiltStage {
  const lowered = lower(
    graph,
    cone.tensors,
    (from): { dtype: DType; shape: Shape } => {
      const { dtype, shape } = (values.get(endpointKey(from)) ?? batches.whole(endpointKey(from))) as Tensor;
      return { dtype, shape: batches.isBatched(endpointKey(from)) ? [batchSymbol, ...shape.slice(1)] : shape };
    },
    { training: true, handles },
  );
  const losses = cone.ends.map((end) => scalarOf(lowered, node, end));
  const op = opsOf(lowered.graph);
  lowered.graph.output(
    "loss",
    losses.reduce((a, b) => op.Add(a, b)),
  );
  if (losses.length > 1)
    for (const [i, end] of cone.ends.entries()) lowered.graph.output(`loss/${end.node}`, losses[i] as Value);

  const names = new Map(lowered.parameters.map((p) => [p.graphName, p.name]));
  const { rateOf } = groups(stage, names);
  const learning = new Set(trainable(lowered.graph, losses, { rateOf }).map((p) => p.name));
  if (!learning.size)
    throw new Failure({
      node,
      port: "loss",
      message: `Every parameter upstream of the loss is frozen${request.stages.length > 1 ? ` in the stage “${stage.name}”` : ""}, so nothing can be trained.`,
      hint: "Freeze fewer parameters, or let the stage train more.",
    });
  const follows = (p: LoweredParameter | undefined) =>
    p?.decay !== undefined && [...learning].some((name) => names.get(name) === p.name);
  const byName = new Map(lowered.parameters.map((p) => [p.graphName, p]));
  const halves =
    request.hoist === "off"
      ? undefined
      : hoist(lowered.graph, {
          symbol: batchSymbol,
          dtype: request.hoist,
          isFrozen: (name) => !learning.has(name) && !follows(byName.get(name)),
          isSteady: (name) => batches.isSteady(name),
        });
  const target = halves?.second ?? lowered.graph;
  const crossing = new Set(halves?.boundary.map((b) => b.name));
  return {
    lowered,
    halves,
    graph: target,
    reads: target.inputs.map((v) => v.name).filter((name) => !crossing.has(name)),
  };
}

/** The share of the learning rate and the decay of each parameter: the first pattern that its name fits. */
function groups(
  { trains }: Stage,
  names: ReadonlyMap<string, string>,
): { rateOf(graphName: string): number | undefined; decayOf(graphName: string): number | undefined } {
  const groupOf = (graphName: string) =>
    trains.find(({ pattern }) => matches(names.get(graphName) ?? graphName, [pattern]));
  return { rateOf: (graphName) => groupOf(graphName)?.rate, decayOf: (graphName) => groupOf(graphName)?.decay };
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

/** The training step of a built stage. */
export function compileStage(
  { graph: nodes, node, request, stage }: StageSpec,
  { lowered, graph }: BuiltStage,
): Program {
  const names = new Map(lowered.parameters.map((p) => [p.graphName, p.name]));
  const { rateOf, decayOf } = groups(stage, names);
  const learning = trainable(graph, [graph.outputs.get("loss") as Value], { rateOf }).map((p) => p.name);
  const students = new Map(lowered.parameters.flatMap((p) => (p.decay === undefined ? [[p.id, p.graphName]] : [])));
  const averages: Average[] = [
    ...lowered.parameters.flatMap(({ graphName, id, decay }) =>
      decay === undefined ? [] : [{ name: graphName, parameter: students.get(studentOf(id)) ?? "", decay }],
    ),
    ...(request.average > 0
      ? learning.map((name) => ({ name: emaOf(name), parameter: name, decay: request.average }))
      : []),
  ];
  if (request.chunk > 0 && request.batchSize % request.chunk)
    throw new Failure({
      node,
      param: "chunk",
      message: `A batch of ${request.batchSize} rows cannot be cut into chunks of ${request.chunk}.`,
      hint: "Choose a chunk that divides the batch.",
    });
  try {
    return compileProgram(graph, {
      optimizer: request.optimizer,
      clipNorm: request.clipNorm,
      rateOf,
      decayOf,
      clamp: lowered.clamp,
      averages,
      batch: request.batchSize,
      accumulate: request.accumulate,
      chunk: request.chunk,
      recomputes: ({ scope }) => scope !== undefined && matches(scope, request.recompute),
      ...(request.precision === "float16" ? { scaling: true, prepare: mixedPrecision } : {}),
    });
  } catch (error) {
    if (!(error instanceof NoGradientError)) throw error;
    throw new Failure(
      {
        node,
        port: "loss",
        message: `${(nodes.nodes.get(node) as ResolvedNode).definition.title} cannot train this: ${error.message}`,
        hint: "Freeze what comes before that operation.",
      },
      { cause: error },
    );
  }
}

/** The id of the parameter that a teacher's follows. */
export const studentOf = (id: string): string => id.replace(/#average$/, "");
