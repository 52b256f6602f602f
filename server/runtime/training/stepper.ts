import * as ort from "onnxruntime-node";
import type { TensorToWrite } from "#models/files/safetensors";
import { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import { inPlace } from "#models/train/in-place";
import { cotangentOf, type Crossing, type Part, type Program } from "#models/train/program";
import type { State } from "#models/train/step";
import type { Tensor } from "#nodes/core/values";
import type { Provider } from "../providers";
import { optionsFor, toOrt } from "../sessions";
import { rowsOf } from "../values";

interface OpenPart {
  session: ort.InferenceSession;
  inputs: string[];
  states: State[];
  /** Those that are written over where they lie. */
  inPlace: ReadonlySet<string>;
}
type Open = { [name: string]: OpenPart };
type Feeds = Record<string, ort.Tensor>;

export interface StepperOptions {
  provider: Provider;
  /** The program for the shapes of the batches that were drawn last. */
  compile(): Program;
  /** A parameter's numbers before the first step. */
  valueOf(parameter: string): Float32Array | undefined;
  /** What else goes round, where it does not start anew. */
  stateOf?(name: string): Float32Array | undefined;
}

/** The step gave a loss or a gradient that is no number; the parameters are as they were. */
export class NonFinite extends Error {
  constructor(readonly told: Record<string, number>) {
    super("the loss or the gradient is not finite");
  }
}

/**
 * Takes training steps: the tensors that go round, and the sessions that replace them. On WebGPU those tensors stay on the device between
 * steps; on the CPU a step writes over its states where that is safe, and else into those of the step before the last: none is allocated or
 * copied once two steps were taken.
 * A program is compiled when batches of a new shape come; its state is the same for all shapes.
 */
export class Stepper {
  readonly #state = new Map<string, ort.Tensor>();
  /** Tensors of the CPU that a state's next numbers may be written into. What the caller gave at the start is the caller's, and never among them. */
  readonly #spare = new Map<string, ort.Tensor>();
  readonly #lent = new Set<ort.Tensor>();
  readonly #programs = new Map<string, { program: Program; parts: Open }>();
  readonly #keepOnDevice: boolean;
  #sums: Feeds = {};

  constructor(readonly options: StepperOptions) {
    this.#keepOnDevice = options.provider === "webgpu";
  }

  async #open(feeds: ReadonlyMap<string, Tensor>): Promise<{ program: Program; parts: Open }> {
    const shapes = [...feeds].map(([name, { shape }]) => `${name}:${shape}`).join();
    const known = this.#programs.get(shapes);
    if (known) return known;
    const { compile, valueOf, stateOf = () => undefined } = this.options;
    const program = compile();
    const parts: Open = {};
    for (const [name, part] of Object.entries<Part>(program.parts)) {
      parts[name] = await this.#session(part);
      for (const p of part.graph.parameters)
        if (!this.#state.has(p.name)) this.#begin(p.name, p.value.shape as number[], valueOf(p.name));
    }
    for (const { name, shape, start } of program.states) {
      const resumed = stateOf(name);
      if (resumed || !this.#state.has(name)) this.#begin(name, shape, resumed, start);
    }
    const opened = { program, parts };
    this.#programs.set(shapes, opened);
    return opened;
  }

  #begin(name: string, shape: readonly number[], given: Float32Array | undefined, start = 0): void {
    const tensor = given ? float(given, shape) : filled(shape, start);
    if (given) this.#lent.add(tensor);
    this.#state.set(name, tensor);
  }

  async #session({ graph, states }: Part): Promise<OpenPart> {
    const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), {
      ...optionsFor(this.options.provider),
      // Memory as it is needed instead of one block planned after the first step, which comes on top of what that step took: half the peak, the same time.
      enableMemPattern: false,
      ...(this.#keepOnDevice
        ? {
            preferredOutputLocation: Object.fromEntries(
              [...graph.outputs.keys()].map((name) => [name, isTold(name) ? "cpu" : "gpu-buffer"]),
            ),
          }
        : {}),
    });
    return {
      session,
      inputs: [...graph.inputs.map((v) => v.name), ...graph.parameters.map((p) => p.name)],
      states,
      inPlace: inPlace(graph, states),
    };
  }

  /** One update from one batch, or from several whose gradients are averaged. Gives the scalars that the program tells. */
  async step(
    batches: readonly ReadonlyMap<string, Tensor>[],
    lr: number,
    step: number,
  ): Promise<Record<string, number>> {
    const scalars: Feeds = { lr: float(Float32Array.of(lr), []), step: float(Float32Array.of(step), []) };
    const told: Record<string, number> = {};
    const tell = (out: Feeds, share: number) => {
      for (const [name, value] of Object.entries(out))
        if (isTold(name)) told[name] = (told[name] ?? 0) + share * Number((value.data as Float32Array)[0]);
      // With loss scaling a gradient may overflow: the update leaves everything as it was, and lowers the scale.
      for (const [name, value] of Object.entries(told))
        if (!Number.isFinite(value) && !(name === "grad_norm" && this.#state.has("loss_scale")))
          throw new NonFinite(told);
    };
    let update: OpenPart | undefined;
    for (const feeds of batches) {
      const { program, parts } = await this.#open(feeds);
      const data = Object.fromEntries([...feeds].map(([name, tensor]) => [name, toOrt(tensor)]));
      update = parts.update;
      if (update && !Object.keys(this.#sums).length) this.#sums = zeros(program, this.#state);
      if (parts.step) await this.#run(parts.step, { ...scalars, ...data }, (out) => tell(out, 1));
      else if (parts.accumulate) await this.#run(parts.accumulate, data, (out) => tell(out, 1 / batches.length));
      else await this.#chunks(program, parts, feeds, data, (out) => tell(out, 1 / batches.length));
    }
    if (update) await this.#run(update, scalars, (out) => tell(out, 1));
    if (update) this.#sums = dropped(this.#sums);
    return told;
  }

  /** Runs a part. States and sums that it gives replace those before, once `check` has let its result pass. */
  async #run(
    { session, inputs, states, inPlace }: OpenPart,
    feeds: Feeds,
    check: (out: Feeds) => void = () => {},
  ): Promise<Feeds> {
    const given: Feeds = {};
    for (const name of inputs) given[name] = (feeds[name] ?? this.#sums[name] ?? this.#state.get(name)) as ort.Tensor;
    const into = Object.fromEntries(session.outputNames.map((name): [string, ort.Tensor | null] => [name, null]));
    const stays = (name: string) => inPlace.has(name) && !this.#lent.has(this.#state.get(name) as ort.Tensor);
    if (!this.#keepOnDevice)
      for (const { name, next } of states)
        into[next] = stays(name)
          ? (this.#state.get(name) as ort.Tensor)
          : (this.#spare.get(name) ?? filled((this.#state.get(name) as ort.Tensor).dims));
    const out = (await session.run(given, into)) as Feeds;
    check(out);
    for (const { name, next } of states) {
      const old = this.#state.get(name) as ort.Tensor;
      if (this.#keepOnDevice) dropped({ old });
      else if (stays(name)) continue;
      else if (this.#lent.delete(old)) this.#spare.delete(name);
      else this.#spare.set(name, old);
      this.#state.set(name, out[next] as ort.Tensor);
    }
    for (const [name, old] of Object.entries(this.#sums)) {
      const sum = out[`next ${name}`];
      if (!sum) continue;
      dropped({ old });
      this.#sums[name] = sum;
    }
    return out;
  }

  /** Encodes the batch chunk by chunk, takes the loss over all of it, and carries the cotangents back chunk by chunk. */
  async #chunks(
    program: Program,
    parts: Open,
    feeds: ReadonlyMap<string, Tensor>,
    data: Feeds,
    check: (out: Feeds) => void,
  ): Promise<void> {
    const encode = parts.encode as OpenPart;
    const head = parts.head as OpenPart;
    const backward = parts.backward as OpenPart;
    const graph = (program.parts as { encode: Part }).encode.graph;
    const count = program.chunks;
    const read = graph.inputs.flatMap((v) =>
      feeds.has(v.name) ? [{ name: v.name, rows: v.shape[0] as number, tensor: feeds.get(v.name) as Tensor }] : [],
    );
    const piece = (i: number): Feeds =>
      Object.fromEntries(
        read.map(({ name, rows, tensor }) => [
          name,
          toOrt(rows === tensor.shape[0] ? tensor : rowsOf(tensor, i * rows, (i + 1) * rows)),
        ]),
      );
    const boundary = new Map(program.crossings.map((c) => [c.name, assembly(c)]));
    for (let i = 0; i < count; i++) {
      const out = await this.#run(encode, piece(i));
      for (const [name, whole] of boundary) whole.put(i, count, (await onCpu(out[name] as ort.Tensor)) as ort.Tensor);
    }
    const out = await this.#run(
      head,
      { ...data, ...Object.fromEntries([...boundary].map(([name, whole]) => [name, whole.tensor()])) },
      check,
    );
    const returning = program.crossings.filter((c) => c.returns);
    const cotangents = new Map<string, { crossing: Crossing; value: ort.Tensor }>();
    for (const crossing of returning)
      cotangents.set(cotangentOf(crossing.name), {
        crossing,
        value: await onCpu(out[cotangentOf(crossing.name)] as ort.Tensor),
      });
    for (let i = 0; i < count; i++)
      await this.#run(backward, {
        ...piece(i),
        ...Object.fromEntries(
          [...cotangents].map(([name, { crossing, value }]) => [name, slab(value, crossing, i, count)]),
        ),
      });
  }

  /** Every tensor that the programs read from step to step, by name: the numbers themselves, which later steps write over. */
  async parameters(): Promise<Map<string, Float32Array>> {
    return new Map((await this.#read([...this.#state.keys()])).map(({ name, data }) => [name, data as Float32Array]));
  }
  /** Everything that goes round, for a checkpoint; written over like the above. */
  async states(): Promise<TensorToWrite[]> {
    const names = new Set([...this.#programs.values()].flatMap(({ program }) => program.states.map((s) => s.name)));
    return this.#read([...names]);
  }

  /** Numbers on the device are fetched through a session that copies them: reading them directly ends the process in onnxruntime-node 1.30. */
  async #read(names: readonly string[]): Promise<TensorToWrite[]> {
    const tensors = names.map((name) => [name, this.#state.get(name) as ort.Tensor] as const);
    const far = tensors.filter(([, t]) => t.location === "gpu-buffer");
    const near = far.length ? await fetchAll(far, this.options.provider) : {};
    return tensors.map(([name, t]) => ({ name, shape: t.dims, data: (near[name] ?? t).data as Float32Array }));
  }

  async release(): Promise<void> {
    // Memory of the device first: it is gone with the session that made it.
    dropped(Object.fromEntries(this.#state));
    dropped(this.#sums);
    for (const { parts } of this.#programs.values())
      for (const { session } of Object.values(parts)) await session.release();
    this.#programs.clear();
  }
}

/** The scalars that a step tells: the loss, its parts, the gradient's norm. */
const isTold = (name: string): boolean => /^(loss|grad_norm)\b/.test(name);
/** A new tensor. Zeros cost no memory until they are written over. */
const filled = (shape: readonly number[], value = 0): ort.Tensor =>
  float(value === 0 ? new Float32Array(size(shape)) : new Float32Array(size(shape)).fill(value), shape);
const float = (data: Float32Array, shape: readonly number[]): ort.Tensor => new ort.Tensor("float32", data, [...shape]);
/** Gives memory on the device back; what lies in the CPU's is the garbage collector's. */
const dropped = (tensors: Feeds): Feeds => {
  for (const tensor of Object.values(tensors)) if (tensor.location === "gpu-buffer") tensor.dispose();
  return {};
};
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const onCpu = async (tensor: ort.Tensor): Promise<ort.Tensor> =>
  tensor.location === "gpu-buffer" ? ((await fetchAll([["x", tensor]], "webgpu")).x as ort.Tensor) : tensor;

/** A zero for each trained parameter, to add gradients to. */
const zeros = (program: Program, state: ReadonlyMap<string, ort.Tensor>): Feeds =>
  Object.fromEntries(
    program.trained.map((name) => {
      const { dims } = state.get(name) as ort.Tensor;
      return [`${name}#grad`, filled(dims)];
    }),
  );

/** A boundary value put together from chunks along its axis. */
function assembly({ axis, shape }: Crossing): {
  put(i: number, count: number, part: ort.Tensor): void;
  tensor(): ort.Tensor;
} {
  let whole: Tensor["data"] | undefined;
  let type: ort.Tensor["type"] = "float32";
  const outer = size(shape.slice(0, axis));
  const inner = size(shape.slice(axis));
  return {
    put(i, count, part) {
      const data = part.data as Float32Array;
      const length = inner / count;
      type = part.type;
      whole ??= new (data.constructor as Float32ArrayConstructor)(outer * inner);
      for (let o = 0; o < outer; o++)
        (whole as Float32Array).set(data.subarray(o * length, (o + 1) * length), o * inner + i * length);
    },
    tensor: () => new ort.Tensor(type as "float32", whole as Float32Array, [...shape]),
  };
}

/** The i-th of `count` pieces along the axis of a crossing. */
function slab(value: ort.Tensor, { axis, shape }: Crossing, i: number, count: number): ort.Tensor {
  const outer = size(shape.slice(0, axis));
  const inner = size(shape.slice(axis));
  const length = inner / count;
  const data = value.data as Float32Array;
  const part = outer === 1 ? data.subarray(i * length, (i + 1) * length) : new Float32Array(outer * length);
  if (outer > 1)
    for (let o = 0; o < outer; o++)
      part.set(data.subarray(o * inner + i * length, o * inner + (i + 1) * length), o * length);
  return new ort.Tensor(
    "float32",
    part,
    shape.map((d, a) => (a === axis ? d / count : d)),
  );
}

async function fetchAll(tensors: readonly (readonly [string, ort.Tensor])[], provider: Provider): Promise<Feeds> {
  const graph = new Graph();
  const op = opsOf(graph);
  for (const [i, [, t]] of tensors.entries())
    graph.output(`y${i}`, op.Identity(graph.input(`x${i}`, "float32", t.dims)));
  const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), {
    executionProviders: [provider, "cpu"],
    logSeverityLevel: 3,
  });
  try {
    const out = await session.run(Object.fromEntries(tensors.map(([, t], i) => [`x${i}`, t])));
    return Object.fromEntries(tensors.map(([name], i) => [name, out[`y${i}`] as ort.Tensor]));
  } finally {
    await session.release();
  }
}
