import { builderOf } from "../../blocks/builder";
import { type Dim, Graph, type Shape, type Value } from "../graph";
import { runsByRow } from "../rows";
import type { FreeModel } from "./baked";
import { freed } from "./batch";
import { emitModel } from "./emit";
import { Untranslatable } from "./error";
import { type Beside, fileOf, nothingBeside, pathInFolder } from "./external";
import type { Source } from "./fields";
import { type FileNode, type OnnxModel, readModel } from "./read";
import { type ModelMap, scan } from "./scan";
import { describe } from "./describe";
import { fixedBatchOf, type InputPort, type OutputPort, type Signature } from "./signature";
import { isImportable } from "./translate";

export interface Inspected {
  signature: Signature;
  /** The other files that its weights lie in, as paths from its folder. */
  files: string[];
}

/**
 * Reads all that must be known of a model to wire it, from the few bytes that say it, and decides whether it becomes
 * ops of a graph or runs as the file is: by trying to read and to emit it, without its weights. Throws an `OnnxError`
 * for what is no ONNX model, for ports that are no tensors, and for weights in files that are not `beside` it.
 */
export async function inspectModel(source: Source, beside: Beside = nothingBeside): Promise<Inspected> {
  const map = await scan(source);
  const files = await filesBeside(map, beside);
  const declared = await describe(map, ({ start, end }) => source.read(start, end));
  return { signature: await decided(declared, source, beside), files };
}

export const signatureOf = async (source: Source): Promise<Signature> => (await inspectModel(source)).signature;

async function filesBeside(map: ModelMap, beside: Beside): Promise<string[]> {
  const found = new Set<string>();
  for (const external of map.external) {
    await fileOf(external, beside);
    found.add(pathInFolder(external));
  }
  return [...found];
}

async function decided(declared: Signature, source: Source, beside: Beside): Promise<Signature> {
  try {
    const model = freed(await readModel(source, isImportable, { beside, skeleton: true }));
    const { opset, inputs, outputs } = model;
    return { opset, inputs, outputs, ...emitted(model) };
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    return { ...declared, asIs: error.reason };
  }
}

/** Sizes that are tried for those that the file leaves open, where they cannot stay symbols. */
const sampleSizes = [224, 64, 16, 8];
/** However long a file is, whoever chose it waits no longer for this. */
const patienceMs = 20_000;

/** What the model gives where it is emitted for the shapes that it declares, or why it cannot be. */
function emitted(model: FreeModel): Partial<Signature> {
  const isOpen = model.inputs.some(({ shape, unread }) => !shape && !unread);
  if (isOpen) return {}; // only the wire says how many axes there are
  const deadline = performance.now() + patienceMs;
  let reason = "";
  for (const size of [undefined, ...sampleSizes]) {
    try {
      return emittedWith(model, size, deadline);
    } catch (error) {
      reason ||= (error as Error).message;
    }
  }
  const batch = fixedBatchOf(model);
  if (batch !== undefined && !model.baked && isEmittedFor(model, deadline)) return { batch };
  return { asIs: reason.replace(/\.$/, "").replace(" of the model cannot be imported: ", " cannot be translated: ") };
}

/** Whether the model becomes ops for the batch that it was exported for. */
function isEmittedFor(model: FreeModel, deadline: number): boolean {
  const graph = new Graph();
  const inputs = model.inputs.map(({ name, dtype, shape = [] }) => [name, graph.input(name, dtype, shape)] as const);
  try {
    emitModel(model, builderOf(graph, false), Object.fromEntries(inputs), patience(deadline));
    return true;
  } catch {
    return false;
  }
}

const patience = (deadline: number) => (node: FileNode) => {
  if (performance.now() > deadline)
    throw new Error(`it has not become ops after ${patienceMs / 1000} seconds, at ${node.op} “${node.name}”`);
};

/** Emits the model with one number for all sizes that are open, but for the batch, which is always a symbol. */
function emittedWith(model: FreeModel, size: number | undefined, deadline: number): Partial<Signature> {
  const graph = new Graph();
  const isFixed = fixedBatchOf(model) !== undefined;
  const inputs = Object.fromEntries(
    model.inputs.map((port): [string, Value] => [
      port.name,
      graph.input(port.name, port.dtype, triedShape(port, size, isFixed)),
    ]),
  );
  const values = emitModel(model, builderOf(graph, false), inputs, patience(deadline));
  for (const [name, value] of Object.entries(values)) graph.output(name, value);
  const symbols = new Set(graph.inputs.flatMap(({ shape }) => shape.slice(0, 1)).filter((d) => typeof d === "string"));
  const [symbol] = symbols;
  return {
    outputs: model.outputs.map((port) => completed(model, port, values[port.name], size)),
    ...(symbol !== undefined && symbols.size === 1 && runsByRow(graph, symbol) ? { rowwise: true } : {}),
  };
}

function triedShape({ name, shape = [] }: InputPort, size: number | undefined, isFixed: boolean): Shape {
  return shape.map((dim, axis): Dim => {
    if (axis === 0 && isFixed) return batchSymbol;
    if (typeof dim === "number") return dim;
    if (axis > 0 && size !== undefined) return size;
    return dim === "*" ? unnamed(name, axis) : dim;
  });
}

const batchSymbol = "rows";
/** A symbol for a size that the file does not name: the first axes of all inputs are one batch. */
const unnamed = (name: string, axis: number): string =>
  axis === 0 ? batchSymbol : `${name.replace(/\W/g, "_")}.${axis}`;

/** What the file does not say of an output follows from its ops; sizes only where none was tried. */
function completed(model: OnnxModel, port: OutputPort, value: Value | undefined, size: number | undefined): OutputPort {
  if (!value || (port.dtype && port.shape)) return port;
  const names = new Set(model.inputs.flatMap(({ shape = [] }) => shape));
  const shown = (dim: Dim): Dim => (size === undefined && (typeof dim === "number" || names.has(dim)) ? dim : "*");
  return { dtype: value.dtype, ...port, shape: port.shape ?? value.shape.map(shown) };
}
