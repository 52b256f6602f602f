import * as ort from "onnxruntime-node";
import { type TensorToWrite, writeSafetensors } from "#models/files/safetensors";
import { NoGradientError } from "#models/onnx/differentiate";
import type { DType, Shape, Value } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import { sampler } from "#models/train/sampler";
import { scheduleAt } from "#models/train/schedules";
import { type State, trainStep } from "#models/train/step";
import type { Host, TrainRequest, TrainResult } from "#nodes/core/host";
import type { Port } from "#nodes/core/ports";
import type { PortType, Tensor, Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import type { RunEvent } from "#nodes/graph/events";
import { type Lowered, lower } from "#nodes/graph/lower";
import { type Cone, coneOf } from "#nodes/graph/plan";
import { key, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import type { Blobs } from "../storage/blobs";
import { type History, loadCheckpoint, saveCheckpoint } from "./checkpoints";
import { Cancelled, Failure } from "../errors";
import { parameterValues } from "./parameters";
import { openSession, type Provider, toOrt } from "./sessions";
import { rowCount, sliceRows } from "./values";

export interface Training {
  request: TrainRequest;
  /** The trainer. */
  node: string;
  graph: ResolvedGraph;
  blobs: Blobs;
  signal: AbortSignal;
  provider: Provider;
  /** Folder of this training's checkpoints; named by what is trained, so that only the same training finds it. */
  scratch: string;
  valueOf(from: Endpoint): Promise<unknown>;
  hostFor(node: string, seed: readonly (string | number)[]): Host;
  onEvent(event: RunEvent): void;
}

/** What of a training's curve is told while it runs; the whole curve is in its result. */
const toldPoints = 4000;

/** Trains what lies upstream of the losses. Goes on from the last checkpoint in `scratch`, with the numbers an unbroken run would have had. */
export async function train(training: Training): Promise<TrainResult> {
  const { request, node, graph, signal, provider, scratch, onEvent } = training;
  const cone = coneOf(graph, graph.nodes.get(node) as ResolvedNode) as Cone, data = await openData(training, cone);
  const weightsOf = async (from: Endpoint) => (await training.valueOf(from)) as Weights;
  const first = await data.feeds(1), lowered = lowerStep(training, cone, (from) => first.get(key(from)));
  const states = await buildStep(training, lowered, weightsOf);
  const parameters = await parameterValues(lowered, weightsOf, training.blobs, request.seed);

  const state = new Map<string, ort.Tensor>(states.map((s) => [s.name, tensor(parameters.get(s.name) ?? new Float32Array(s.shape.reduce((a, b) => a * b, 1)), s.shape)]));
  const frozen = lowered.graph.parameters.filter((p) => !state.has(p.name)), fixed = Object.fromEntries(frozen.map((p) => [p.name, tensor(parameters.get(p.name) as Float32Array, p.value.shape as number[])]));
  const snapshot = (): TensorToWrite[] => states.map((s) => ({ name: s.name, shape: s.shape, data: (state.get(s.name) as ort.Tensor).data as Float32Array }));

  const history: History = { loss: [], lr: [], grad_norm: [] }, { checkpoint, damage } = await loadCheckpoint(scratch);
  const tell = (step: number, values: Record<string, number>) => {
    if (step === 1 || step === request.steps || step % Math.ceil(request.steps / toldPoints) === 0) onEvent({ kind: "metric", node, step, values });
  };
  let done = 0;
  if (checkpoint && states.every((s) => checkpoint.state.get(s.name)?.length === s.shape.reduce((a, b) => a * b, 1))) {
    for (const s of states) state.set(s.name, tensor(checkpoint.state.get(s.name) as Float32Array, s.shape));
    Object.assign(history, checkpoint.history);
    done = checkpoint.step;
    onEvent({ kind: "resumed", node, step: done });
    // Points that were told just before the kill may never have been written down: the checkpoint has them all.
    for (let step = 1; step <= done; step++) tell(step, Object.fromEntries(Object.entries(history).map(([name, list]) => [name, list[step - 1] ?? Number.NaN])));
  } else if (checkpoint || damage) {
    onEvent({ kind: "warning", node, message: `The training's last checkpoint is not used, since ${damage ?? "it belongs to another model"}; the training starts anew.` });
    onEvent({ kind: "resumed", node, step: 0 });
  }

  const session = await openSession(toModel(lowered.graph, { parameters: "inputs" }), provider);
  try {
    let told = 0;
    for (let step = done + 1; step <= request.steps; step++) {
      if (signal.aborted) throw new Cancelled();
      const lr = request.lr * scheduleAt(request.schedule, step, request.steps);
      const feeds = step === 1 ? first : await data.feeds(step);
      const out = await session.runRaw({
        ...fixed, ...Object.fromEntries(state), lr: tensor(Float32Array.of(lr), []), step: tensor(Float32Array.of(step), []),
        ...Object.fromEntries(lowered.feeds.map(({ name }) => [name, toOrt(feeds.get(name) as Tensor)])),
      });
      const values = { loss: scalar(out.loss), lr, grad_norm: scalar(out.grad_norm) };
      if (!Number.isFinite(values.loss) || !Number.isFinite(values.grad_norm)) throw diverged(node, step, values);
      for (const s of states) state.set(s.name, out[s.next] as ort.Tensor);
      for (const [name, value] of Object.entries(values)) history[name]?.push(value);
      tell(step, values);
      if (step === request.steps || performance.now() - told > 500) {
        told = performance.now();
        onEvent({ kind: "node-progress", node, done: step, of: request.steps, note: `loss ${values.loss.toFixed(3)}` });
      }
      if (step === request.steps || step % request.checkpointEvery === 0) await saveCheckpoint(scratch, step, snapshot(), history);
      await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
    }
  } finally {
    await session.release();
  }
  return result(training, lowered, (name) => (state.get(name) ?? fixed[name])?.data as Float32Array, history);
}

const tensor = (data: Float32Array, shape: readonly number[]): ort.Tensor => new ort.Tensor("float32", data, [...shape]);
const scalar = (value: ort.Tensor | undefined): number => Number((value?.data as Float32Array)[0]);

const diverged = (node: string, step: number, { loss, grad_norm }: { loss: number; grad_norm: number }): Failure =>
  new Failure({ node, message: `Training stopped at step ${step}: the ${Number.isFinite(loss) ? "gradient" : "loss"} is no longer a finite number.`, hint: "Lower the learning rate, lengthen the warmup, or clip the gradient norm.", details: { step: String(step), loss: String(loss), grad_norm: String(grad_norm) } });

/** The tensor nodes of the cone as one graph, for one batch shape. */
function lowerStep({ graph, node }: Training, cone: Cone, valueOf: (from: Endpoint) => unknown): Lowered {
  if (cone.blocked.length) {
    const [blocked = ""] = cone.blocked;
    throw new Failure({ node: blocked, message: `${graph.nodes.get(blocked)?.definition.title} stands between a trained node and the loss, and no gradient can pass it.`, hint: "Use it after the training, on a second branch, or take it out of the path to the loss." });
  }
  if (!cone.tensors.length) throw new Failure({ node, port: "loss", message: "Nothing upstream of the loss can be trained.", hint: "Wire a loss that depends on an encoder or a projector." });
  return lower(graph, cone.tensors, (from): { dtype: DType; shape: Shape } => {
    const { dtype, shape } = valueOf(from) as Tensor;
    return { dtype, shape };
  }, { training: true });
}

/** Appends losses, gradients and updates to the lowered graph. */
async function buildStep({ request, graph, node }: Training, { graph: tensors, values, parameters, clamp }: Lowered, weightsOf: (from: Endpoint) => Promise<Weights>): Promise<State[]> {
  const losses = request.losses.map((loss) => {
    const value = values.get(key(loss)) as Value;
    if (value.shape.length) throw new Failure({ node, port: "loss", message: `${key(loss)} is [${value.shape.join(", ")}], and a loss is a single number.`, hint: "Wire the output of a loss node." });
    return value;
  });
  const frozen = new Set<string>();
  for (const { graphName, name, weights } of parameters) if (weights && isFrozen(name, (await weightsOf(weights)).frozen)) frozen.add(graphName);
  if (frozen.size === tensors.parameters.length) throw new Failure({ node, port: "loss", message: "Every parameter upstream of the loss is frozen, so nothing can be trained.", hint: "Freeze fewer parameters." });
  try {
    return trainStep(tensors, losses.reduce((a, b) => opsOf(tensors).Add(a, b)), { optimizer: request.optimizer, clipNorm: request.clipNorm, clamp, isFrozen: (name) => frozen.has(name) });
  } catch (error) {
    if (!(error instanceof NoGradientError)) throw error;
    throw new Failure({ node, port: "loss", message: `${graph.nodes.get(node)?.definition.title} cannot train this: ${error.message}`, hint: "Freeze what comes before that operation." }, { cause: error });
  }
}

/** Patterns with * for any letters. */
const isFrozen = (name: string, patterns: readonly string[] = []): boolean =>
  patterns.some((pattern) => new RegExp(`^${pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`).test(name));

/** What a step reads: rows that are there already, cut to the batch, and what random host nodes make of them anew. */
async function openData({ request, node, graph, valueOf, hostFor }: Training, cone: Cone): Promise<{ feeds(step: number): Promise<Map<string, unknown>> }> {
  const typeOf = (from: Endpoint): PortType => (graph.nodes.get(from.node)?.definition.outputs[from.port] as Port).type;
  const given = new Map(await Promise.all(cone.rows.map(async (from) => [key(from), { type: typeOf(from), value: await valueOf(from), from }] as const)));
  const counts = [...given.values()].map(({ type, value }) => rowCount(type, value) ?? 0), rows = Math.max(0, request.distinct?.length ?? 0, ...counts);
  if (!rows) throw new Failure({ node, port: "loss", message: "The loss reads no data, so there are no batches to train on.", hint: "Wire a dataset to the encoders." });
  if (request.distinct && request.distinct.length !== rows) throw new Failure({ node, port: "distinct", message: `There are ${request.distinct.length} names and ${rows} rows of data.`, hint: "Wire names from the same dataset: one for each row." });
  for (const { type, value, from } of given.values()) {
    const count = rowCount(type, value);
    if (type === "tensor" && count !== rows) throw new Failure({ node: from.node, port: from.port, message: `${key(from)} has ${count} rows, while the data has ${rows}: a batch could not be cut from both.`, hint: "Take images and texts from the same dataset, row by row." });
  }
  for (const id of cone.stepwise) {
    const { definition } = graph.nodes.get(id) as ResolvedNode;
    if (!definition.rowwise) throw new Failure({ node: id, message: `${definition.title} needs all rows at once, so it cannot follow a node that draws anew in each step.`, hint: "Put it before the random node." });
  }
  const draw = sampler({ rows, batch: request.batchSize, seed: request.seed, distinct: request.distinct });
  return {
    async feeds(step) {
      const batch = draw.batch(step), values = new Map<string, unknown>();
      for (const [name, { type, value }] of given) values.set(name, rowCount(type, value) === rows ? sliceRows[type]?.(value as never, batch) : value);
      for (const id of cone.stepwise) {
        const { definition, params, inputs: wires } = graph.nodes.get(id) as ResolvedNode, inputs: Record<string, unknown> = {};
        for (const [name, port] of Object.entries<Port>(definition.inputs)) {
          const list = (wires[name] ?? []).map((from) => values.get(key(from)));
          inputs[name] = port.many ? list : list[0];
        }
        const outputs = await definition.run?.({ host: hostFor(id, [request.seed, "step", step]), inputs, params });
        for (const [port, value] of Object.entries(outputs as object)) values.set(key({ node: id, port }), value);
      }
      return values;
    },
  };
}

/** The trained parameters as one checkpoint, and the curve. */
async function result({ blobs }: Training, lowered: Lowered, valueOf: (graphName: string) => Float32Array, history: History): Promise<TrainResult> {
  const named = new Map<string, TensorToWrite>(), names = new Map(lowered.parameters.map((p) => [p.graphName, p.name]));
  for (const { name: graphName, value } of lowered.graph.parameters) {
    const name = names.get(graphName) ?? graphName, free = named.has(name) ? graphName : name;
    named.set(free, { name: free, shape: value.shape as number[], data: valueOf(graphName) });
  }
  const steps = history.loss?.length ?? 0;
  return {
    weights: { ref: await blobs.put(writeSafetensors([...named.values()])) },
    curve: { x: { label: "step", values: Array.from({ length: steps }, (_, i) => i + 1) }, lines: Object.entries(history).map(([name, values]) => ({ name, values })) },
  };
}
