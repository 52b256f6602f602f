/** One forward pass of a folder's model on given tensors, all outputs by transformers' names. */
import { openAdapter } from "#models/architectures/core/adapters";
import {
  Inputs,
  type InputSpec,
  MissingInput,
  type OpenArchitecture,
  type Options,
} from "#models/architectures/core/architecture";
import { type LoadedBuilder, loadedBuilder, MissingParameter, ShapeMismatch } from "#models/architectures/core/loaded";
import { Graph, type Value } from "#models/onnx/graph";
import { indexBounds } from "#models/onnx/index-bounds";
import { dropDead } from "#models/onnx/passes/drop-dead";
import { toModel } from "#models/onnx/proto";
import { ShapeError } from "#models/onnx/shape";
import type { Tensor } from "#nodes/core/values";
import { Failure } from "../../errors";
import { checkIndices } from "../index-check";
import { locationOf } from "../model-files";
import { openSession } from "../sessions";
import type { ModelFolder } from "./model-folder";

export type Tensors = Readonly<Record<string, Tensor>>;

export interface ForwardResult {
  outputs: Record<string, Tensor>;
  /** Outputs that were left out, and why. */
  left: Record<string, string>;
}

/**
 * Builds what can be built of the inputs that are given, runs it, and gives every output. Hidden states come with the
 * option `output_hidden_states`, as in transformers.
 */
export async function runForward(model: ModelFolder, inputs: Tensors, options: Options = {}): Promise<ForwardResult> {
  const config = model.configFor(options);
  const { tensors: given, numbers } = parted(fitted(inputs, config.inputs), config.inputs);
  const { graph, loaded, left } = built(model, config, { tensors: given, numbers }, options);
  const lean = dropDead(graph);
  checkIndices(indexBounds(lean), (name) => given[name], { nodes: new Map() });
  const session = await openSession(written(lean, loaded), "cpu");
  try {
    return { outputs: await session.run(given), left };
  } finally {
    await session.release();
  }
}

/** The model's bytes; its weights stay where they lie. */
export function written(graph: Graph, { sources }: LoadedBuilder): Uint8Array {
  return toModel(graph, {
    parameters: "initializers",
    values(name) {
      const source = sources.get(name);
      if (!source) throw new Error(`the parameter ${name} has no source`);
      return {
        location: locationOf(source.file),
        dtype: source.dtype,
        offset: source.start,
        bytes: source.end - source.start,
      };
    },
  });
}

/** What a graph is given, and the numbers of what it is built by. */
export interface Given {
  tensors: Tensors;
  numbers: Record<string, readonly number[]>;
}

/** Sets apart the inputs whose numbers a graph is built by. */
export function parted(inputs: Tensors, specs: Readonly<Record<string, InputSpec>>): Given {
  const entries = Object.entries(inputs);
  const known = entries.filter(([name]) => specs[name]?.isKnown);
  const numbersOf = ({ data }: Tensor) => Array.from(data as ArrayLike<number | bigint>, Number);
  return {
    tensors: Object.fromEntries(entries.filter(([name]) => !specs[name]?.isKnown)),
    numbers: Object.fromEntries(known.map(([name, tensor]) => [name, numbersOf(tensor)])),
  };
}

function built(model: ModelFolder, config: OpenArchitecture, { tensors, numbers }: Given, options: Options) {
  const graph = new Graph();
  const values = Object.entries(tensors).map(
    ([name, { dtype, shape }]) => [name, graph.input(name, dtype, shape)] as const,
  );
  const loaded = builderFor(model, config, graph);
  const outputs = explained(() =>
    config.forward(loaded.builder, new Inputs(Object.fromEntries(values), numbers), options),
  );
  const left: Record<string, string> = {};
  for (const [path, make] of Object.entries(outputs)) {
    if (!options.output_hidden_states && /(^|\.)hidden_states\.\d+$/.test(path)) continue;
    const reason = explained(() => emitted(graph, path, make));
    if (reason !== undefined) left[path] = reason;
  }
  refuseEmpty(graph, left);
  refuseUnusedAdapter(model, loaded);
  return { graph, loaded, left };
}

/** Parameters from the folder's checkpoint, changed by its adapter. */
export function builderFor(
  { checkpoint, adapter }: ModelFolder,
  { names }: OpenArchitecture,
  graph: Graph,
): LoadedBuilder {
  const adapters = adapter ? [openAdapter(adapter.config, adapter.checkpoint, names)] : [];
  return loadedBuilder(graph, checkpoint, names, adapters);
}

/** Makes a value an output of the graph, or says what it lacks. */
function emitted(graph: Graph, path: string, make: () => Value): string | undefined {
  try {
    graph.output(path, make());
    return undefined;
  } catch (error) {
    if (error instanceof MissingInput || error instanceof MissingParameter) return error.message;
    throw error;
  }
}

/** What a model says of its inputs and files, as a sentence for a person. */
export function explained<T>(build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (error instanceof ShapeMismatch)
      throw new Failure({
        message: `The weights are not those of config.json: ${error.message}.`,
        hint: "Take config.json and the weights from one and the same folder.",
      });
    if (error instanceof Failure || !(error instanceof Error)) throw error;
    const what = error instanceof ShapeError ? `its sizes do not fit: ${error.message}` : error.message;
    throw new Failure(
      { message: `The model cannot be built: ${what}.`, hint: "Compare the inputs with config.json." },
      { cause: error },
    );
  }
}

function refuseEmpty({ outputs }: Graph, left: Readonly<Record<string, string>>): void {
  if (outputs.size) return;
  const reasons = [...new Set(Object.values(left))];
  throw new Failure({
    message: `Nothing can be computed: ${reasons.slice(0, 3).join("; ")}.`,
    hint: "Give the inputs under transformers' names, and choose the folder whose weights belong to config.json.",
  });
}

function refuseUnusedAdapter({ adapter, checkpoint }: ModelFolder, { adapted }: LoadedBuilder): void {
  if (!adapter || adapted.size) return;
  const [first = ""] = adapter.checkpoint.tensors.keys();
  throw new Failure({
    message:
      `The adapter fits no layer of the model: it names “${first}”, ` +
      `and the model has ${checkpoint.tensors.size} tensors.`,
    hint: "Choose the base model that the adapter was trained on.",
  });
}

/** The inputs in the element types that the model takes, their names and sizes checked. */
export function fitted(inputs: Tensors, specs: Readonly<Record<string, InputSpec>>): Tensors {
  const entries = Object.entries(inputs).map(([name, tensor]) => {
    const spec = specs[name];
    if (!spec)
      throw new Failure({
        message: `The model takes no input “${name}”. It takes ${Object.keys(specs).join(", ")}.`,
        hint: "Name the inputs as transformers' forward does.",
      });
    return [name, fittedTensor(name, tensor, spec)] as const;
  });
  return Object.fromEntries(entries);
}

function fittedTensor(name: string, tensor: Tensor, spec: InputSpec): Tensor {
  const { shape } = tensor;
  const isOpen = name === "labels"; // classes are numbers [B], or marks [B, C]
  const fits =
    shape.length === spec.shape.length && spec.shape.every((d, i) => typeof d === "string" || d === shape[i]);
  if (!fits && !isOpen)
    throw new Failure({
      message: `The input “${name}” is [${shape.join(", ")}], and [${spec.shape.join(", ")}] is expected.`,
      hint: "Letters stand for any size.",
    });
  if (shape.includes(0))
    throw new Failure({
      message: `The input “${name}” is empty: [${shape.join(", ")}].`,
      hint: "Give at least one row.",
    });
  return isOpen && tensor.dtype === "float32" ? tensor : castTensor(name, tensor, spec.dtype);
}

function castTensor(name: string, tensor: Tensor, dtype: Tensor["dtype"]): Tensor {
  if (tensor.dtype === dtype) return tensor;
  const numbers = Array.from(tensor.data as ArrayLike<number | bigint>);
  const isWhole = tensor.dtype !== "float32" && tensor.dtype !== "float64" && tensor.dtype !== "float16";
  if (dtype === "int64" && isWhole) return { ...tensor, dtype, data: BigInt64Array.from(numbers, (n) => BigInt(n)) };
  if (dtype === "bool" && isWhole) return { ...tensor, dtype, data: Uint8Array.from(numbers, (n) => (n ? 1 : 0)) };
  if (dtype === "float32" && tensor.dtype !== "float16")
    return { ...tensor, dtype, data: Float32Array.from(numbers, Number) };
  throw new Failure({
    message: `The input “${name}” is ${tensor.dtype}, and ${dtype} is expected.`,
    hint: "Convert it before it is saved.",
  });
}
