import { decodeIntegers, isReadable } from "#models/files/element-types";
import type { Checkpoint, TensorAddress } from "#models/files/checkpoint";
import { type QuantizedTensor, quantizedIn, shapesIn } from "#models/files/quantized";
import { unreadable } from "#models/files/safetensors";
import { nameFinder, type NameRules } from "#models/architectures/core/names";
import type { Init } from "#models/onnx/graph";
import { sizeOf } from "#models/onnx/shape";
import { random } from "#models/random";
import type { Endpoint } from "#nodes/graph/document";
import type { Lowered, LoweredParameter } from "#nodes/graph/lower";
import { endpointKey, type ResolvedGraph } from "#nodes/graph/resolve";
import { checkpointOf, filesOf } from "#nodes/core/checkpoint";
import { numbersOf, type ParameterSource } from "#nodes/core/parameter-source";
import type { Weights } from "#nodes/core/values";
import { bytesText } from "../runtime-failures";
import type { Blobs } from "../storage/blobs";
import { Failure } from "../errors";
import { memoryLimit } from "./memory";

/**
 * A fresh tensor. The draw depends on the seed and the parameter's name alone, so adding a node changes no other node's
 * weights.
 */
export function initialise(init: Init, size: number, seed: number, name: string): Float32Array<ArrayBuffer> {
  const data = new Float32Array(size);
  if (init.kind === "ones") return data.fill(1);
  if (init.kind === "constant") return data.fill(init.value);
  if (init.kind === "zeros") return data;
  if (init.kind === "values") return init.data;
  if (init.kind === "stored") {
    if (!init.fresh) throw new Error(`the numbers of ${name} lie in a file, and are not drawn`);
    return initialise(init.fresh, size, seed, name);
  }
  random(seed, "init", name).fill(data, init.kind);
  if (init.kind === "normal") for (let i = 0; i < size; i++) data[i] = (data[i] as number) * init.std;
  else for (let i = 0; i < size; i++) data[i] = ((data[i] as number) * 2 - 1) * init.bound;
  return data;
}

/** The weights handles that nodes read, by endpoint. */
export async function handlesOf(
  graph: ResolvedGraph,
  nodes: readonly string[],
  weightsOf: (from: Endpoint) => Promise<Weights>,
): Promise<Map<string, Weights>> {
  const wires = nodes.flatMap((id) => graph.nodes.get(id)?.inputs.weights ?? []);
  return new Map(await Promise.all(wires.map(async (from) => [endpointKey(from), await weightsOf(from)] as const)));
}

export interface ParameterOptions {
  /** Draws what no handle gives. */
  seed?: number;
  /** Numbers that stand in for those of the handles. */
  current?(parameter: LoweredParameter): Float32Array | undefined;
  /** Is told how many bytes are about to be drawn, and throws where that is too much. */
  beforeDraws?(bytes: number): void;
}

/**
 * What fills a lowered graph's parameters, by graph name: the checkpoint that its node is wired to, or a draw. No
 * number is read.
 */
export async function parameterSources(
  lowered: Lowered,
  weightsOf: (from: Endpoint) => Promise<Weights>,
  blobs: Blobs,
  { seed = 0, current, beforeDraws = refuseDraws }: ParameterOptions = {},
): Promise<Map<string, ParameterSource>> {
  const opened = new Map<string, Promise<OpenCheckpoint>>();
  const checkpointFor = (weights: Weights): Promise<OpenCheckpoint> => {
    const files = filesOf(weights).join();
    const checkpoint = opened.get(files) ?? openWeights(weights, blobs);
    opened.set(files, checkpoint);
    return checkpoint;
  };
  const described = new Map(lowered.parameters.map((p) => [p.graphName, p]));
  const sources: [graphName: string, source: () => ParameterSource][] = [];
  let drawnBytes = 0;
  for (const { name: graphName, value, init, buffer } of lowered.graph.parameters) {
    const parameter = described.get(graphName) as LoweredParameter;
    const shape = value.shape as readonly number[];
    const weights = parameter.weights && (await weightsOf(parameter.weights));
    const checkpoint = weights?.ref === undefined ? undefined : await checkpointFor(weights);
    const now = current?.(parameter) as Float32Array<ArrayBuffer> | undefined;
    const mayBeDrawn = weights?.seed !== undefined;
    const stored = checkpoint && !now ? storedIn(checkpoint, parameter, shape, mayBeDrawn) : undefined;
    const whole = buffer && stored && (await wholeNumbers(stored, blobs));
    const ownNumbers = init.kind === "stored" && !now && !(weights && init.fresh) ? init.address : undefined;
    if (stored && !whole) refuseUnreadable(stored, parameter);
    const found = whole ?? stored ?? ownNumbers ?? now;
    const draw = () => initialise(init, sizeOf(shape), weights?.seed ?? seed, startsAs(parameter));
    if (!found) drawnBytes += sizeOf(shape) * Float32Array.BYTES_PER_ELEMENT;
    sources.push([graphName, found ? () => found : draw]);
  }
  beforeDraws(drawnBytes);
  return new Map(sources.map(([graphName, source]) => [graphName, source()]));
}

function refuseDraws(bytes: number): void {
  const limit = memoryLimit();
  if (bytes <= limit) return;
  throw new Failure({
    message: `Fresh weights of ${bytesText(bytes)} would be drawn, and runs may hold ${bytesText(limit)}.`,
    hint: "Make the model smaller (layers, width, vocabulary), or give runs more memory with PATCHBAY_MEMORY.",
  });
}

/** Where a checkpoint lacks a teacher, it starts as its student. */
const startsAs = ({ name, teaches }: LoweredParameter): string => teaches?.student ?? name;

interface OpenCheckpoint {
  tensors: Checkpoint["tensors"];
  quantized: ReadonlyMap<string, QuantizedTensor>;
}

async function openWeights(weights: Weights, blobs: Blobs): Promise<OpenCheckpoint> {
  const checkpoint = await checkpointOf(blobs, weights);
  return { tensors: checkpoint.tensors, quantized: quantizedIn(checkpoint) };
}

/** Where a checkpoint has a parameter; undefined where it may be drawn instead. */
function storedIn(
  checkpoint: OpenCheckpoint,
  parameter: LoweredParameter,
  shape: readonly number[],
  mayBeDrawn: boolean,
): TensorAddress | QuantizedTensor | undefined {
  const { name, adapter } = parameter;
  const foreign = foreignName(checkpoint, parameter) ?? name;
  const find = (key: string) => checkpoint.tensors.get(key) ?? checkpoint.quantized.get(key);
  const stored = find(name) ?? find(foreign) ?? find(startsAs(parameter));
  if (stored && stored.shape.join() !== shape.join())
    throw new Failure({
      port: "weights",
      message:
        `The parameter ${name} is [${shape.join(", ")}] in this node ` +
        `and [${stored.shape.join(", ")}] in the checkpoint.`,
      hint: "Set the node's sizes (width, layers, patch size, …) to those of the checkpoint, or load another one.",
    });
  if (!stored && !adapter && !mayBeDrawn) {
    const known = [...shapesIn(checkpoint, checkpoint.quantized).keys()];
    const more = known.length > 5 ? ` and ${known.length - 5} more` : "";
    throw new Failure({
      port: "weights",
      message: `The checkpoint holds no parameter "${name}". It holds ${known.slice(0, 5).join(", ")}${more}.`,
      hint: "Set the node's scope to the prefix its parameters have in the checkpoint, or load another checkpoint.",
    });
  }
  return stored;
}

/** A buffer may count, and then be of whole numbers in a file: a place in a queue. */
async function wholeNumbers(
  stored: TensorAddress | QuantizedTensor,
  blobs: Blobs,
): Promise<Float32Array<ArrayBuffer> | undefined> {
  if (!("dtype" in stored) || isReadable(stored.dtype)) return undefined;
  return decodeIntegers(stored.dtype, await blobs.read(stored.file, stored.start, stored.end));
}

function refuseUnreadable(stored: TensorAddress | QuantizedTensor, { name }: LoweredParameter): void {
  if (!("dtype" in stored) || isReadable(stored.dtype)) return;
  const { message, hint } = unreadable(stored.dtype, name);
  throw new Failure({ port: "weights", message, hint });
}

/** What a file calls a parameter that was not saved by Patchbay, where its node knows such names. */
function foreignName(checkpoint: OpenCheckpoint, { foreign }: LoweredParameter): string | undefined {
  if (!foreign) return undefined;
  const known = finders.get(checkpoint) ?? new Map<NameRules, (name: string) => string | undefined>();
  finders.set(checkpoint, known);
  const names = () => [...checkpoint.tensors.keys(), ...checkpoint.quantized.keys()];
  const find = known.get(foreign.rules) ?? nameFinder(names(), foreign.rules);
  known.set(foreign.rules, find);
  return find(foreign.name);
}
const finders = new WeakMap<OpenCheckpoint, Map<NameRules, (name: string) => string | undefined>>();

/** The numbers themselves, for a training or an export. */
export async function parameterValues(
  lowered: Lowered,
  weightsOf: (from: Endpoint) => Promise<Weights>,
  blobs: Blobs,
  options: ParameterOptions = {},
): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const values = new Map<string, Float32Array<ArrayBuffer>>();
  for (const [name, source] of await parameterSources(lowered, weightsOf, blobs, options))
    values.set(name, await numbersOf(source, blobs));
  return values;
}
