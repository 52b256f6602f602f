import * as ort from "onnxruntime-node";
import type { TensorToWrite } from "#models/files/safetensors";
import { toModel } from "#models/onnx/proto";
import { inPlace } from "#models/train/in-place";
import { cotangentOf, type Crossing, type Part, type Program } from "#models/train/program";
import type { State } from "#models/train/step";
import type { Tensor } from "#nodes/core/values";
import { memoryLimit } from "../memory";
import type { Provider } from "../providers";
import { optionsFor, toOrt } from "../sessions";
import { rowsOf } from "../values";
import { Assembly, chunkOf } from "./crossings";
import { dispose, type Feeds, fetchTensors, filledTensor, floatTensor, isOnDevice, onCpu } from "./tensors";

export interface StepperOptions {
  provider: Provider;
  /** The program of a branch for the shapes of the batches that were drawn last. */
  compile(branch: number, batch: BatchFeeds): Program;
  /** A parameter's numbers before the first step. */
  valueOf(parameter: string): Float32Array | undefined;
  /** What else goes round, where it does not start anew. */
  stateOf?(name: string): Float32Array | undefined;
  /** From how many bytes of the process on it closes what it has not used for long; by default what runs may hold. */
  mostBytes?: number;
}

/** The step gave a loss or a gradient that is no number; the parameters are as they were. */
export class NonFinite extends Error {
  constructor(readonly told: Record<string, number>) {
    super("the loss or the gradient is not finite");
  }
}

interface OpenPart {
  session: ort.InferenceSession;
  inputs: string[];
  states: State[];
  /** Those that are written over where they lie. */
  inPlace: ReadonlySet<string>;
}
interface OpenProgram {
  program: Program;
  parts: { [name: string]: OpenPart };
}
/** A batch, by name of the input that reads it. */
export type BatchFeeds = ReadonlyMap<string, Tensor>;
/** Looks at what a part gave before its states take effect. */
type Inspect = (outputs: Feeds) => void;

/**
 * Takes training steps: the tensors that go round, and the sessions that replace them. On WebGPU those tensors stay on
 * the device between steps; on the CPU a step writes over its states where that is safe, and else into those of the
 * step before the last: none is allocated or copied once two steps were taken. A program is compiled when batches of a
 * new shape come; its state is the same for all shapes.
 */
export class Stepper {
  readonly #state = new Map<string, ort.Tensor>();
  /**
   * Tensors of the CPU that a state's next numbers may be written into. What the caller gave at the start is the
   * caller's, and never among them.
   */
  readonly #spare = new Map<string, ort.Tensor>();
  readonly #lent = new Set<ort.Tensor>();
  /** Everything that goes round. */
  readonly #stateNames = new Set<string>();
  /** By the branch and the shapes of the batch, the one that was used last at the end. */
  readonly #programs = new Map<string, OpenProgram>();
  readonly #keepOnDevice: boolean;
  /** Gradients that are added up before an update. */
  #sums: Feeds = {};

  constructor(readonly options: StepperOptions) {
    this.#keepOnDevice = options.provider === "webgpu";
  }

  /**
   * One update from one batch, or from several whose gradients are averaged. Gives the scalars that the program tells.
   */
  async step(batches: readonly BatchFeeds[], lr: number, step: number, branch = 0): Promise<Record<string, number>> {
    const scalars: Feeds = { lr: floatTensor(Float32Array.of(lr), []), step: floatTensor(Float32Array.of(step), []) };
    const told: Record<string, number> = {};
    const tellShare = (share: number) => (outputs: Feeds) => this.#addTold(told, outputs, share);
    let update: OpenPart | undefined;
    for (const batch of batches) {
      const opened = await this.#open(batch, branch);
      const { parts, program } = opened;
      update = parts.update;
      if (update && !Object.keys(this.#sums).length) this.#sums = this.#zeroSums(program);
      const data = Object.fromEntries([...batch].map(([name, tensor]) => [name, toOrt(tensor)]));
      if (parts.step) await this.#runPart(parts.step, { ...scalars, ...data }, tellShare(1));
      else if (parts.accumulate) await this.#runPart(parts.accumulate, data, tellShare(1 / batches.length));
      else await this.#runInChunks(opened, batch, data, tellShare(1 / batches.length));
    }
    if (update) {
      await this.#runPart(update, scalars, tellShare(1));
      dispose(Object.values(this.#sums));
      this.#sums = {};
    }
    return told;
  }

  /**
   * Every tensor that the programs read from step to step, by name: the numbers themselves, which later steps write
   * over.
   */
  async parameters(): Promise<Map<string, Float32Array>> {
    const all = await this.#read([...this.#state.keys()]);
    return new Map(all.map(({ name, data }) => [name, data as Float32Array]));
  }

  /** Everything that goes round, for a checkpoint; written over like the above. */
  async states(): Promise<TensorToWrite[]> {
    return this.#read([...this.#stateNames]);
  }

  async release(): Promise<void> {
    // Memory of the device first: it is gone with the session that made it.
    dispose(this.#state.values());
    dispose(Object.values(this.#sums));
    this.#sums = {};
    for (const { parts } of this.#programs.values()) {
      for (const { session } of Object.values(parts)) await session.release();
    }
    this.#programs.clear();
  }

  /** The program for batches of these shapes, compiled and loaded when they come for the first time. */
  async #open(batch: BatchFeeds, branch: number): Promise<OpenProgram> {
    const shapes = [branch, ...[...batch].map(([name, { shape }]) => `${name}:${shape}`)].join();
    const known = this.#programs.get(shapes);
    if (known) {
      this.#programs.delete(shapes);
      this.#programs.set(shapes, known);
      return known;
    }
    await this.#makeRoom();
    const { compile, valueOf, stateOf = () => undefined } = this.options;
    const program = compile(branch, batch);
    const parts: OpenProgram["parts"] = {};
    for (const [name, part] of Object.entries<Part>(program.parts)) {
      parts[name] = await this.#openPart(part);
      for (const parameter of part.graph.parameters) {
        if (!this.#state.has(parameter.name))
          this.#begin(parameter.name, parameter.value.shape as number[], valueOf(parameter.name));
      }
    }
    for (const { name, shape, start } of program.states) {
      this.#stateNames.add(name);
      if (!this.#state.has(name)) this.#begin(name, shape, stateOf(name), start);
    }
    const opened = { program, parts };
    this.#programs.set(shapes, opened);
    return opened;
  }

  /**
   * Sessions keep the memory that they once worked in. Where batches come in many shapes, those that were used longest
   * ago are closed when all together hold more than runs may. (On a device the states would go with them.)
   */
  async #makeRoom(): Promise<void> {
    const { mostBytes = memoryLimit() } = this.options;
    for (const [shapes, { parts }] of this.#programs) {
      if (this.#keepOnDevice || process.memoryUsage.rss() < mostBytes) return;
      this.#programs.delete(shapes);
      for (const { session } of Object.values(parts)) await session.release();
    }
  }

  async #openPart({ graph, states }: Part): Promise<OpenPart> {
    const locations = [...graph.outputs.keys()].map((name) => [name, isTold(name) ? "cpu" : "gpu-buffer"] as const);
    const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), {
      ...optionsFor(this.options.provider),
      // Memory as it is needed instead of one block planned after the first step, which comes on top of what that step
      // took: half the peak, the same time.
      enableMemPattern: false,
      ...(this.#keepOnDevice ? { preferredOutputLocation: Object.fromEntries(locations) } : {}),
    });
    const inputs = [...graph.inputs.map(({ name }) => name), ...graph.parameters.map(({ name }) => name)];
    return { session, inputs, states, inPlace: inPlace(graph, states) };
  }

  /** Sets a state to the numbers it starts from. */
  #begin(name: string, shape: readonly number[], given: Float32Array | undefined, start = 0): void {
    const tensor = given ? floatTensor(given, shape) : filledTensor(shape, start);
    if (given) this.#lent.add(tensor);
    this.#state.set(name, tensor);
  }

  /** A zero for each trained parameter, to add gradients to. */
  #zeroSums(program: Program): Feeds {
    const zeros = program.trained.map((name) => [`${name}#grad`, filledTensor(this.#stateOf(name).dims)] as const);
    return Object.fromEntries(zeros);
  }

  /** Adds up the scalars that a part tells. Throws `NonFinite` when one of them is no number. */
  #addTold(told: Record<string, number>, outputs: Feeds, share: number): void {
    for (const [name, value] of Object.entries(outputs)) {
      if (isTold(name)) told[name] = (told[name] ?? 0) + share * Number((value.data as Float32Array)[0]);
    }
    // With loss scaling a gradient may overflow: the update leaves everything as it was, and lowers the scale.
    const mayOverflow = (name: string) => name === "grad_norm" && this.#state.has("loss_scale");
    for (const [name, value] of Object.entries(told)) {
      if (!Number.isFinite(value) && !mayOverflow(name)) throw new NonFinite(told);
    }
  }

  /** Runs a part. States and sums that it gives replace those before, once its result has been let pass. */
  async #runPart(part: OpenPart, feeds: Feeds, inspect: Inspect = () => {}): Promise<Feeds> {
    const given: Feeds = {};
    for (const name of part.inputs) given[name] = feeds[name] ?? this.#sums[name] ?? this.#stateOf(name);
    const outputs = (await part.session.run(given, this.#targetsOf(part))) as Feeds;
    inspect(outputs);
    this.#advance(part, outputs);
    return outputs;
  }

  /**
   * Where a part's outputs are written: into a state or a spare tensor where there is one, else where the runtime
   * likes.
   */
  #targetsOf(part: OpenPart): Record<string, ort.Tensor | null> {
    const targets: Record<string, ort.Tensor | null> = {};
    for (const name of part.session.outputNames) targets[name] = null;
    if (this.#keepOnDevice) return targets;
    for (const { name, next } of part.states) {
      const state = this.#stateOf(name);
      targets[next] = this.#stays(part, name) ? state : (this.#spare.get(name) ?? filledTensor(state.dims));
    }
    return targets;
  }

  /** Makes what a part gave the states and sums of the next one. */
  #advance(part: OpenPart, outputs: Feeds): void {
    for (const { name, next } of part.states) {
      const old = this.#stateOf(name);
      if (this.#keepOnDevice) dispose([old]);
      else if (this.#stays(part, name)) continue;
      else if (this.#lent.delete(old)) this.#spare.delete(name);
      else this.#spare.set(name, old);
      this.#state.set(name, outputs[next] as ort.Tensor);
    }
    for (const [name, old] of Object.entries(this.#sums)) {
      const sum = outputs[`next ${name}`];
      if (!sum) continue;
      dispose([old]);
      this.#sums[name] = sum;
    }
  }

  /** Whether a part writes over a state where it lies. */
  #stays({ inPlace }: OpenPart, name: string): boolean {
    return inPlace.has(name) && !this.#lent.has(this.#stateOf(name));
  }

  #stateOf(name: string): ort.Tensor {
    return this.#state.get(name) as ort.Tensor;
  }

  /**
   * Encodes the batch chunk by chunk, takes the loss over all of it, and carries the cotangents back chunk by chunk.
   */
  async #runInChunks(opened: OpenProgram, batch: BatchFeeds, data: Feeds, inspect: Inspect): Promise<void> {
    const { program, parts } = opened;
    const { chunks, crossings } = program;
    const { encode, head, backward } = parts as { encode: OpenPart; head: OpenPart; backward: OpenPart };
    const chunkFeeds = chunkFeedsOf(program, batch);
    const boundary = new Map(crossings.map((crossing) => [crossing.name, new Assembly(crossing)]));
    for (let chunk = 0; chunk < chunks; chunk++) {
      const encoded = await this.#runPart(encode, chunkFeeds(chunk));
      for (const [name, whole] of boundary) whole.put(chunk, chunks, await onCpu(encoded[name] as ort.Tensor));
    }
    const wholes = [...boundary].map(([name, whole]) => [name, whole.tensor()] as const);
    const outputs = await this.#runPart(head, { ...data, ...Object.fromEntries(wholes) }, inspect);
    const cotangents: { crossing: Crossing; value: ort.Tensor }[] = [];
    for (const crossing of crossings) {
      if (!crossing.returns) continue;
      cotangents.push({ crossing, value: await onCpu(outputs[cotangentOf(crossing.name)] as ort.Tensor) });
    }
    for (let chunk = 0; chunk < chunks; chunk++) {
      const feeds = chunkFeeds(chunk);
      for (const { crossing, value } of cotangents)
        feeds[cotangentOf(crossing.name)] = chunkOf(value, crossing, chunk, chunks);
      await this.#runPart(backward, feeds);
    }
  }

  async #read(names: readonly string[]): Promise<TensorToWrite[]> {
    const tensors = names.map((name) => [name, this.#stateOf(name)] as const);
    const onDevice = tensors.filter(([, tensor]) => isOnDevice(tensor));
    const fetched: Feeds = onDevice.length ? await fetchTensors(onDevice, this.options.provider) : {};
    return tensors.map(([name, tensor]) => {
      const { data } = fetched[name] ?? tensor;
      return { name, shape: tensor.dims, data: data as Float32Array };
    });
  }
}

/** The scalars that a step tells: the loss, its parts, the gradient's norm. */
const isTold = (name: string): boolean => /^(loss|grad_norm)\b/.test(name);

/** What the encoding part of a chunked program reads of a batch, by chunk. */
function chunkFeedsOf(program: Program, batch: BatchFeeds): (chunk: number) => Feeds {
  const { graph } = (program.parts as { encode: Part }).encode;
  const read = graph.inputs.filter(({ name }) => batch.has(name));
  return (chunk) => {
    const feeds: Feeds = {};
    for (const { name, shape } of read) {
      const tensor = batch.get(name) as Tensor;
      const rows = shape[0] as number;
      const isWhole = rows === tensor.shape[0];
      feeds[name] = toOrt(isWhole ? tensor : rowsOf(tensor, chunk * rows, (chunk + 1) * rows));
    }
    return feeds;
  };
}
