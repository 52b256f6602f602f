/** One model of the suite, tried by ONNX Runtime alone, in Patchbay, and in a training. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { builderOf } from "#models/blocks/builder";
import { gradients } from "#models/onnx/differentiate";
import { type Dim, type DType, Graph, type Shape, type Value } from "#models/onnx/graph";
import { freed } from "#models/onnx/import/batch";
import { emitModel } from "#models/onnx/import/emit";
import { sourceOf } from "#models/onnx/import/fields";
import { inspectModel } from "#models/onnx/import/inspect";
import { readModel } from "#models/onnx/import/read";
import type { Signature } from "#models/onnx/import/signature";
import { isImportable } from "#models/onnx/import/translate";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import type { OnnxValue } from "#nodes/core/host";
import { runOnnxFile } from "#server/runtime/onnx-file/run-onnx-file";
import { openBlobs } from "#server/storage/blobs";
import type { Case, CaseData } from "./cases";
import { compare } from "./compare";
import { wireTensor } from "./native-tensor";

/** What came of an attempt; `why` says what is wrong where it did not pass. */
export type Outcome = { passed: true } | { passed: false; why: string };

export interface Attempt {
  name: string;
  /** By ONNX Runtime, the file as it is. */
  raw: Outcome;
  /** In Patchbay. */
  patchbay: Outcome;
  /** Why it is no graph of ops in Patchbay and runs as the file is. */
  asIs?: string;
  /** Whether gradients of its float outputs with respect to its floats are computed; undefined where it has none. */
  gradient?: Outcome;
}

type Feeds = Record<string, ort.Tensor>;

const folder = mkdtempSync(join(tmpdir(), "patchbay-conformance-"));
const blobs = openBlobs(folder);

export async function attempt({ name, bytes, data, unreadable }: Case): Promise<Attempt> {
  const noData = unreadable ?? "the suite has no inputs and outputs of it";
  const whole = data ?? { inputs: {}, outputs: {} };
  const raw = await outcome(async () => {
    if (!data) throw new Error(noData);
    compare(await run(bytes, data.inputs), data.outputs);
  });
  let signature: Signature | undefined;
  const patchbay = await outcome(async () => {
    ({ signature } = await inspectModel(sourceOf(bytes)));
    if (!data) throw new Error(noData);
    const isFile = signature.asIs !== undefined;
    compare(isFile ? await runFile(name, bytes, signature, data) : await runOps(bytes, data), data.outputs);
  });
  const gradient = patchbay.passed && signature?.asIs === undefined ? await differentiated(bytes, whole) : undefined;
  return { name, raw, patchbay, asIs: signature?.asIs, gradient };
}

async function outcome(work: () => Promise<void>): Promise<Outcome> {
  try {
    await work();
    return { passed: true };
  } catch (error) {
    return { passed: false, why: (error as Error).message.replace(/\s+/g, " ") };
  }
}

async function run(model: Uint8Array, feeds: Feeds): Promise<Feeds> {
  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 4 });
  try {
    return { ...(await session.run(feeds)) };
  } finally {
    await session.release();
  }
}

/** As a node runs it that is no graph of ops. */
async function runFile(name: string, bytes: Uint8Array, signature: Signature, data: CaseData): Promise<Feeds> {
  const inputs = signature.inputs.map((port) => [port.name, wireValue(data.inputs[port.name], port.dtype)] as const);
  const outputs = await runOnnxFile({
    request: { name, ref: await blobs.put(bytes), files: [], signature, inputs: Object.fromEntries(inputs), rows: 0 },
    blobs,
    provider: "cpu",
    signal: new AbortController().signal,
    progress() {},
    warn() {},
  });
  return Object.fromEntries(Object.entries(outputs).map(([port, value]) => [port, ofWire(value, data.outputs[port])]));
}

const wireValue = (tensor: ort.Tensor | undefined, dtype: DType | "string"): OnnxValue | undefined =>
  dtype === "string" ? (tensor?.data as string[] | undefined) : wireTensor(tensor, dtype);

/** What came along a wire. Texts come as a list, which takes the shape that is expected of it. */
function ofWire(value: OnnxValue, expected?: ort.Tensor): ort.Tensor {
  if (Array.isArray(value)) return new ort.Tensor("string", value, expected?.dims ?? [value.length]);
  return new ort.Tensor(value.dtype, value.data as never, [...value.shape]);
}

/** As a region of a graph runs it: the first sizes are symbols, equal ones the same, or else the numbers that came. */
async function runOps(bytes: Uint8Array, { inputs }: CaseData): Promise<Feeds> {
  const symbols = new Map<Dim, string>();
  const symbolic = ([rows, ...rest]: Shape): Shape => {
    if (rows === undefined) return [];
    const symbol = symbols.get(rows) ?? `rows${symbols.size}`;
    symbols.set(rows, symbol);
    return [symbol, ...rest];
  };
  const { graph, feeds } = await emitted(bytes, inputs, symbolic).catch(() => emitted(bytes, inputs, (shape) => shape));
  return run(written(graph), feeds);
}

/** The gradients of the sum of all floats that it gives. Undefined where no float can be differentiated. */
async function differentiated(bytes: Uint8Array, { inputs }: CaseData): Promise<Outcome | undefined> {
  const { graph, feeds } = await emitted(bytes, inputs, (shape) => shape);
  const outputs = [...graph.outputs.values()].filter(isFloat);
  const targets = [...graph.inputs, ...graph.parameters.map((parameter) => parameter.value)].filter(isFloat);
  if (!outputs.length || !targets.length) return undefined;
  return outcome(async () => {
    const op = opsOf(graph);
    const sums = outputs.map((value) => op.ReduceSum(value, { keepdims: 0 }));
    const loss = sums.reduce((total, next) => op.Add(total, next));
    graph.outputs.clear();
    for (const [name, gradient] of gradients(graph, loss, targets)) graph.output(`gradient of ${name}`, gradient);
    await run(written(graph), feeds);
  });
}

const isFloat = ({ dtype }: Value): boolean => dtype.startsWith("float");

async function emitted(bytes: Uint8Array, inputs: CaseData["inputs"], shapeOf: (shape: Shape) => Shape) {
  const model = freed(await readModel(sourceOf(bytes), isImportable));
  const graph = new Graph();
  const feeds: Feeds = {};
  const values: Record<string, Value> = {};
  for (const { name, dtype } of model.inputs) {
    const tensor = wireTensor(inputs[name], dtype);
    if (!tensor) continue;
    feeds[name] = ofWire(tensor);
    values[name] = graph.input(name, dtype, shapeOf(tensor.shape));
  }
  for (const [name, value] of Object.entries(emitModel(model, builderOf(graph, false), values)))
    graph.output(name, value);
  return { graph, feeds };
}

function written(graph: Graph): Uint8Array {
  const starts = new Map(graph.parameters.map(({ name, init }) => [name, init]));
  return toModel(graph, {
    parameters: "initializers",
    values(name) {
      const init = starts.get(name);
      if (init?.kind !== "values") throw new Error(`${name} does not start from the file`);
      return init.data;
    },
  });
}
