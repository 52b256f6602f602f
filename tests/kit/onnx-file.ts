/** ONNX files written with nothing of ours, and the check that an import computes what the runtime does. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as A,
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import * as ort from "onnxruntime-node";
import { expect } from "vitest";
import { builderOf } from "#models/blocks/builder";
import { Graph, type Value } from "#models/onnx/graph";
import { freed } from "#models/onnx/import/batch";
import { emitModel } from "#models/onnx/import/emit";
import { sourceOf } from "#models/onnx/import/fields";
import { readModel } from "#models/onnx/import/read";
import { isImportable } from "#models/onnx/import/translate";
import { print } from "#models/onnx/print";
import { toModel } from "#models/onnx/proto";
import { numbers } from "./check-op";

type AttrValue =
  | number
  | string
  | readonly string[]
  | readonly number[]
  | TensorProto
  | GraphProto
  | { float: number }
  | { floats: readonly number[] };
/** A node in short: [op, inputs, outputs, attributes]; an op of another domain as "com.microsoft/Gelu". */
export type NodeSpec = readonly [
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attrs?: Readonly<Record<string, AttrValue>>,
];
type Axes = readonly (number | string)[];
export interface FileSpec {
  nodes: readonly NodeSpec[];
  inputs: Readonly<Record<string, Axes | { type: number; shape: Axes }>>;
  /** Names, of float32 in any shape; or with types and shapes as inputs have them. */
  outputs: readonly string[] | FileSpec["inputs"];
  weights?: readonly TensorProto[];
  opset?: number;
  change?(model: ModelProto): void;
}

export const floatTensor = (name: string, dims: readonly number[], data: readonly number[]): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dataType: 1,
    dims: dims.map(BigInt),
    rawData: new Uint8Array(Float32Array.from(data).buffer),
  });
/** Numbers that differ and are not small. */
export const wave = (name: string, ...dims: number[]): TensorProto =>
  floatTensor(
    name,
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.3 + 0.5)),
  );
export const intTensor = (
  name: string,
  data: readonly number[],
  dims: readonly number[] = [data.length],
): TensorProto => create(TensorProtoSchema, { name, dataType: 7, dims: dims.map(BigInt), int64Data: data.map(BigInt) });

const isTensor = (value: AttrValue): value is TensorProto =>
  typeof value === "object" && "$typeName" in value && value.$typeName === "onnx.TensorProto";
const isTexts = (value: AttrValue): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every((element) => typeof element === "string");
const isGraph = (value: AttrValue): value is GraphProto =>
  typeof value === "object" && "$typeName" in value && value.$typeName === "onnx.GraphProto";
function attribute(name: string, value: AttrValue): AttributeProto {
  if (typeof value === "number") return create(AttributeProtoSchema, { name, type: A.INT, i: BigInt(value) });
  if (typeof value === "string")
    return create(AttributeProtoSchema, { name, type: A.STRING, s: new TextEncoder().encode(value) });
  if (isTexts(value)) {
    const strings = value.map((text) => new TextEncoder().encode(text));
    return create(AttributeProtoSchema, { name, type: A.STRINGS, strings });
  }
  if (isTensor(value)) return create(AttributeProtoSchema, { name, type: A.TENSOR, t: value });
  if (isGraph(value)) return create(AttributeProtoSchema, { name, type: A.GRAPH, g: value });
  if ("floats" in value) return create(AttributeProtoSchema, { name, type: A.FLOATS, floats: [...value.floats] });
  return create(
    AttributeProtoSchema,
    "float" in value ? { name, type: A.FLOAT, f: value.float } : { name, type: A.INTS, ints: value.map(BigInt) },
  );
}

function nodeProto([opType, input, output, attrs = {}]: NodeSpec, i: number): NodeProto {
  const [domain = "", op = ""] = opType.includes("/") ? opType.split("/") : ["", opType];
  return create(NodeProtoSchema, {
    opType: op,
    domain,
    name: `node_${i}`,
    input: [...input],
    output: [...output],
    attribute: Object.entries(attrs).map(([name, value]) => attribute(name, value)),
  });
}

function portInfo(name: string, type: number, shape?: Axes): ValueInfoProto {
  const dim = (size: number | string) =>
    typeof size === "string"
      ? { value: { case: "dimParam" as const, value: size } }
      : { value: { case: "dimValue" as const, value: BigInt(size) } };
  const value = { case: "tensorType" as const, value: { elemType: type, shape: shape && { dim: shape.map(dim) } } };
  return create(ValueInfoProtoSchema, { name, type: { value } });
}

const portInfos = (ports: FileSpec["inputs"]): ValueInfoProto[] =>
  Object.entries(ports).map(([name, port]) =>
    "type" in port ? portInfo(name, port.type, port.shape) : portInfo(name, 1, port),
  );

/** A graph inside of a node, such as the branch of an If. */
export const branch = (spec: Pick<FileSpec, "nodes" | "weights"> & Partial<Pick<FileSpec, "inputs" | "outputs">>) =>
  create(GraphProtoSchema, {
    name: "branch",
    node: spec.nodes.map(nodeProto),
    initializer: [...(spec.weights ?? [])],
    input: portInfos(spec.inputs ?? {}),
    output: outputInfos(spec.outputs ?? []),
  });

const outputInfos = (outputs: FileSpec["outputs"]): ValueInfoProto[] =>
  Array.isArray(outputs) ? outputs.map((name) => portInfo(name, 1)) : portInfos(outputs as FileSpec["inputs"]);

/** The bytes of an ONNX file, written with nothing of ours. */
export function onnxFile(spec: FileSpec): Uint8Array {
  const { nodes, inputs, outputs, weights = [], opset = 17, change } = spec;
  const domains = new Set(nodes.flatMap(([op]) => (op.includes("/") ? [op.split("/")[0] as string] : [])));
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: "", version: BigInt(opset) }, ...[...domains].map((domain) => ({ domain, version: 1n }))],
    graph: {
      name: "test",
      initializer: [...weights],
      node: nodes.map(nodeProto),
      input: portInfos(inputs),
      output: outputInfos(outputs),
    },
  });
  change?.(model);
  return toBinary(ModelProtoSchema, model);
}

/** Imports a file for inputs of these shapes. */
export async function imported(
  bytes: Uint8Array,
  shapes: Readonly<Record<string, Axes>>,
  training = false,
): Promise<{ graph: Graph; outputs: Record<string, Value> }> {
  const model = freed(await readModel(sourceOf(bytes), isImportable));
  const graph = new Graph();
  const inputs = Object.fromEntries(
    model.inputs.map(({ name, dtype }) => [name, graph.input(name, dtype, shapes[name] ?? [])]),
  );
  const outputs = emitModel(model, builderOf(graph, training), inputs);
  for (const [name, value] of Object.entries(outputs)) graph.output(name, value);
  return { graph, outputs };
}

/** The initial numbers of an imported model's parameters. */
export const startOf = (graph: Graph, name: string): Float32Array<ArrayBuffer> => {
  const init = graph.parameters.find((p) => p.name === name)?.init;
  if (init?.kind !== "values") throw new Error(`${name} does not start from the file`);
  return init.data;
};

/**
 * The promise of an import: whether the sizes named by a letter in `shapes` stay symbolic or are numbers, our graph
 * gives what ONNX Runtime gives for the file itself. Integer inputs are row numbers of what they index, below `below`.
 */
export async function checkImport(
  bytes: Uint8Array,
  shapes: Readonly<Record<string, Axes>>,
  sizes: Readonly<Record<string, readonly number[]>> = { B: [2, 3] },
  below = 5,
): Promise<Graph> {
  const { inputs } = await readModel(sourceOf(bytes), isImportable);
  const symbolic = await imported(bytes, shapes);
  const count = Object.values(sizes)[0]?.length ?? 1;
  for (let i = 0; i < count; i++) {
    const sized = (shape: Axes) => shape.map((d) => (typeof d === "string" ? (sizes[d]?.[i] as number) : d));
    const fixed = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, sized(shape)]));
    const feeds = Object.fromEntries(
      inputs.map(({ name, dtype }) => [
        name,
        dtype === "int64" ? rowNumbers(fixed[name] ?? [], below) : wavesFrom(fixed[name] ?? [], i),
      ]),
    );
    const expected = await runFile(bytes, feeds);
    for (const { graph } of [symbolic, await imported(bytes, fixed)]) await expectSame(graph, feeds, expected);
  }
  return symbolic.graph;
}

function rowNumbers(dims: readonly number[], below: number): ort.Tensor {
  const length = dims.reduce((a, b) => a * b, 1);
  const data = BigInt64Array.from({ length }, (_, k) => BigInt((k * 7 + 2) % below));
  return new ort.Tensor("int64", data, dims);
}

function wavesFrom(dims: readonly number[], phase: number): ort.Tensor {
  const length = dims.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length }, (_, k) => Math.sin(k * 0.7 + phase));
  return new ort.Tensor("float32", data, dims);
}

/** Our graph of the file gives these outputs, within 1e-5 of the largest number of each. */
async function expectSame(
  graph: Graph,
  feeds: Record<string, ort.Tensor>,
  expected: Record<string, ort.Tensor>,
): Promise<void> {
  const model = toModel(graph, { parameters: "initializers", values: (name) => startOf(graph, name) });
  const actual = await runFile(model, feeds);
  for (const [name, tensor] of Object.entries(expected)) {
    expect(actual[name]?.dims, print(graph)).toEqual(tensor.dims);
    const [ours, theirs] = [numbers(actual[name]), numbers(tensor)];
    const size = Math.max(1e-6, ...theirs.map(Math.abs));
    const off = Math.max(0, ...ours.map((x, k) => Math.abs(x - (theirs[k] as number))));
    expect(off / size, `${name}\n${print(graph)}`).toBeLessThan(1e-5);
  }
}

export async function runFile(
  model: Uint8Array,
  feeds: Record<string, ort.Tensor>,
): Promise<Record<string, ort.Tensor>> {
  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3, graphOptimizationLevel: "basic" });
  try {
    return (await session.run(feeds)) as Record<string, ort.Tensor>;
  } finally {
    await session.release();
  }
}
