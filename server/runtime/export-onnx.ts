import { Readable } from "node:stream";
import type { TensorAddress } from "#models/files/checkpoint";
import type { QuantizedTensor } from "#models/files/quantized";
import { toFloat32 } from "#models/files/safetensors";
import { termsOf } from "#models/onnx/dim";
import type { Dim, Graph, Init } from "#models/onnx/graph";
import { type ParameterNumbers, type Stored, toModel } from "#models/onnx/proto";
import { rewrite } from "#models/onnx/rewrite";
import { sizeOf } from "#models/onnx/shape";
import { split } from "#models/onnx/split";
import { piecesOf } from "#nodes/core/checkpoint";
import type { ExportRequest } from "#nodes/core/host";
import type { FileValue, Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { symbolicType, type Types } from "#nodes/graph/infer";
import { type Lowered, lower } from "#nodes/graph/lower";
import { coneOf, upstreamOf } from "#nodes/graph/plan";
import { endpointKey, type ResolvedGraph } from "#nodes/graph/resolve";
import { Failure } from "../errors";
import type { Blobs } from "../storage/blobs";
import { handlesOf, numbersOf, type ParameterSource, parameterSources } from "./parameters";

export interface Export {
  request: ExportRequest;
  /** The node that exports. */
  node: string;
  graph: ResolvedGraph;
  types: Types;
  blobs: Blobs;
  weightsOf(from: Endpoint): Promise<Weights>;
  warn(message: string): void;
}

/** Weights up to so many bytes may lie in the model's own file; protobuf ends at 2 GiB. */
const maxInside = 1.5 * 2 ** 30;
/** An export can be made again. */
const madeAgain = { durable: false };

/**
 * The tensor nodes upstream of the asked tensors as one ONNX model with the batch size open, their weights written into
 * it or into a file beside it, tensor by tensor. Inputs and outputs are called as the ports that read and give them.
 */
export async function exportOnnx(spec: Export): Promise<FileValue> {
  const { request, blobs } = spec;
  const lowered = await lowerExported(spec, exportedNodes(spec));
  warnOfFreshWeights(spec, lowered);
  const graph = rewrite(lowered.graph, { names: lowered.inputNames, sizes: sizeNames(lowered.graph) });
  const sources = await parameterSources(lowered, spec.weightsOf, blobs);
  const laid = layOut(sources, `${request.name}.onnx.data`);
  const write = async (values: ReadonlyMap<string, ParameterNumbers>) => {
    const model = toModel(graph, {
      parameters: "initializers",
      values: (name) => values.get(name) as ParameterNumbers,
    });
    return { ref: await blobs.put(model, madeAgain), name: `${request.name}.onnx`, bytes: model.byteLength };
  };
  if (request.weights === "in the file" && laid.bytes <= maxInside) return write(await numbersOfAll(sources, blobs));
  const data = await blobs.putStream(Readable.from(bytesOfAll(sources, blobs)), Number.POSITIVE_INFINITY, madeAgain);
  return { ...(await write(laid.places)), beside: [{ ...data, name: `${request.name}.onnx.data` }] };
}

/** Where each parameter begins in a file of all of them, one behind the other: float32, or blocks with their scales. */
function layOut(sources: ReadonlyMap<string, ParameterSource>, location: string) {
  const places = new Map<string, ParameterNumbers>();
  let offset = 0;
  const place = (dtype: string, bytes: number): Stored => {
    const stored = { location, dtype, offset, bytes };
    offset += bytes;
    return stored;
  };
  for (const [name, source] of sources) {
    if (!isQuantized(source)) places.set(name, place("F32", 4 * countOf(source)));
    else {
      const values = place("U8", source.values.end - source.values.start);
      places.set(name, { ...source, values, scales: place("F32", source.scales.end - source.scales.start) });
    }
  }
  return { places, bytes: offset };
}

const isQuantized = (source: ParameterSource): source is QuantizedTensor => "scales" in source;

/** How many numbers a parameter has. */
function countOf(source: Float32Array | TensorAddress): number {
  return source instanceof Float32Array ? source.length : sizeOf(source.shape);
}

/** The same bytes, tensor by tensor. */
async function* bytesOfAll(sources: ReadonlyMap<string, ParameterSource>, blobs: Blobs): AsyncGenerator<Uint8Array> {
  for (const source of sources.values()) {
    if (isQuantized(source)) {
      yield* piecesOf(blobs, source.values);
      yield* piecesOf(blobs, source.scales);
    } else if (source instanceof Float32Array) yield bytesOf(source);
    else {
      for await (const piece of piecesOf(blobs, source)) yield bytesOf(toFloat32({ dtype: source.dtype, data: piece }));
    }
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function numbersOfAll(
  sources: ReadonlyMap<string, ParameterSource>,
  blobs: Blobs,
): Promise<Map<string, ParameterNumbers>> {
  const numbers = new Map<string, ParameterNumbers>();
  for (const [name, source] of sources) {
    if (!isQuantized(source)) numbers.set(name, await numbersOf(source, blobs));
    else {
      const read = ({ file, start, end }: TensorAddress) => blobs.read(file, start, end);
      numbers.set(name, { ...source, values: await read(source.values), scales: await read(source.scales) });
    }
  }
  return numbers;
}

/** The tensor nodes that the file is made of. Throws where something else stands among them. */
function exportedNodes({ request, node, graph, warn }: Export): string[] {
  const titleOf = (id: string) => graph.nodes.get(id)?.definition.title ?? id;
  const { tensors, after, rows } = coneOf(graph, request.tensors);
  const foreign = request.tensors.find((end) => !tensors.includes(end.node));
  if (foreign)
    throw new Failure({
      node,
      port: "tensor",
      message: `${titleOf(foreign.node)} computes outside of ONNX, so ${endpointKey(foreign)} is no part of a model.`,
      hint: "Wire the output of a tensor node, such as an encoder.",
    });
  const isBehindTensors = (from: Endpoint) =>
    [...upstreamOf(graph, [from])].some((id) => graph.nodes.get(id)?.definition.build);
  const blocked = after[0] ?? rows.find(isBehindTensors)?.node;
  if (blocked !== undefined)
    throw new Failure({
      node: blocked,
      message: `${titleOf(blocked)} stands between the exported nodes and computes outside of ONNX.`,
      hint: "Export what comes before it.",
    });
  for (const from of rows)
    if (graph.nodes.get(from.node)?.definition.notice)
      warn(
        `${titleOf(from.node)} runs as its file is: the exported model begins behind it, with ${endpointKey(from)}.`,
      );
  return tensors;
}

async function lowerExported(
  { request, graph, types, weightsOf }: Export,
  tensors: readonly string[],
): Promise<Lowered & { inputNames: Map<string, string> }> {
  const handles = await handlesOf(graph, tensors, weightsOf);
  const lowered = lower(graph, tensors, (from) => symbolicType(types, from), { handles });
  const names = portNames(lowered, graph, tensors);
  for (const output of request.tensors)
    lowered.graph.output(names.free(output.port, output.node), lowered.values.get(endpointKey(output)) as never);
  // What the outputs do not need is left out, weights too.
  return { ...lowered, graph: split(lowered.graph, () => false).second, inputNames: names.inputs };
}

function warnOfFreshWeights({ warn }: Export, { graph, parameters }: Lowered): void {
  const wired = new Map(parameters.map(({ graphName, weights }) => [graphName, weights]));
  const isDrawn = ({ kind }: Init) => kind === "normal" || kind === "uniform";
  const fresh = graph.parameters.find(({ name, init }) => !wired.get(name) && isDrawn(init));
  if (fresh) warn(`${fresh.name} was drawn at random: nothing is wired to the weights of its node.`);
}

/**
 * An input is called as the port that reads it, an output as the port that gives it; with the node's id before it where
 * that is taken.
 */
function portNames(
  { feeds }: Lowered,
  graph: ResolvedGraph,
  tensors: readonly string[],
): { inputs: Map<string, string>; free(port: string, node: string): string } {
  const used = new Set<string>();
  const inputs = new Map<string, string>();
  const free = (port: string, node: string): string => {
    const name = used.has(port) ? `${node}_${port}` : port;
    used.add(name);
    return name;
  };
  for (const { name, from } of feeds) {
    const readers = tensors.flatMap((id) =>
      Object.entries(graph.nodes.get(id)?.inputs ?? {}).flatMap(([port, list]) =>
        list.some((e) => endpointKey(e) === endpointKey(from)) ? [{ id, port }] : [],
      ),
    );
    inputs.set(name, free(readers[0]?.port ?? from.port, readers[0]?.id ?? from.node));
  }
  return { inputs, free };
}

/** The one size that comes first on every input is the batch; other open sizes keep the end of their name. */
function sizeNames(graph: Graph): Record<string, Dim> {
  const symbols = (dims: readonly Dim[]) => [...new Set(dims.flatMap((d) => termsOf(d).flatMap((t) => t.factors)))];
  const leading = symbols(graph.inputs.flatMap((v) => v.shape.slice(0, 1)));
  const result: Record<string, Dim> = {};
  for (const symbol of symbols(graph.inputs.flatMap((v) => v.shape))) {
    const stem = leading.length === 1 && symbol === leading[0] ? "batch" : symbol.replace(/^.*\./, "");
    result[symbol] = Object.values(result).includes(stem) ? symbol.replace(/\W/g, "_") : stem;
  }
  return result;
}
