import { Readable } from "node:stream";
import { type Caches, cacheSizes } from "#models/blocks/caches";
import { optimumSizes } from "#models/architectures/core/optimum";
import { termsOf } from "#models/onnx/dim";
import type { Dim, DType, Graph, Init, Shape, Value } from "#models/onnx/graph";
import { pullSlices } from "#models/onnx/passes/pull-slices";
import { rewrite } from "#models/onnx/rewrite";
import { split } from "#models/onnx/split";
import type { ExportRequest } from "#nodes/core/host";
import { onnxFiles } from "#nodes/core/onnx-files";
import type { FileValue, Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { symbolicType, type Types } from "#nodes/graph/infer";
import { type Lowered, lower } from "#nodes/graph/lower";
import { coneOf, decodersOf, upstreamOf } from "#nodes/graph/plan";
import { endpointKey, type ResolvedGraph } from "#nodes/graph/resolve";
import { Failure } from "../errors";
import type { Blobs } from "../storage/blobs";
import { promptSources } from "./generation/open-decoder";
import { handlesOf, parameterSources } from "./parameters";

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

/** An export can be made again. */
const madeAgain = { durable: false };

/**
 * The tensor nodes upstream of the asked tensors as one ONNX model with the batch size open, their weights written into
 * it or into a file beside it, tensor by tensor. Inputs and outputs are called as the ports that read and give them.
 */
export async function exportOnnx(spec: Export): Promise<FileValue> {
  const { request, blobs } = spec;
  const { name } = request;
  const lowered = await (request.decoder === "past and present" ? loweredDecoder(spec) : loweredWhole(spec));
  warnOfFreshWeights(spec, lowered);
  const named = rewrite(lowered.graph, { names: lowered.inputNames, sizes: lowered.sizeNames });
  const graph = pullSlices(named);
  const sources = await parameterSources(lowered, spec.weightsOf, blobs);
  const layout = { dataName: `${name}.onnx.data`, isBeside: request.weights === "beside it" };
  const { model, data } = await onnxFiles(blobs, graph, sources, layout);
  const file = { ref: await blobs.put(model, madeAgain), name: `${name}.onnx`, bytes: model.byteLength };
  if (!data) return file;
  const put = await blobs.putStream(Readable.from(data.parts()), Number.POSITIVE_INFINITY, madeAgain);
  return { ...file, beside: [{ ...put, name: layout.dataName }] };
}

/** What is exported, and what its inputs and open sizes are called. */
type LoweredExport = Lowered & { inputNames: Map<string, string>; sizeNames: Record<string, Dim> };

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

/** Everything upstream, with the inputs that the ports have. */
async function loweredWhole(spec: Export): Promise<LoweredExport> {
  const { request, graph, types, weightsOf } = spec;
  const tensors = exportedNodes(spec);
  const handles = await handlesOf(graph, tensors, weightsOf);
  const lowered = lower(graph, tensors, (from) => symbolicType(types, from), { handles });
  const names = portNames(lowered, graph, tensors);
  for (const output of request.tensors)
    lowered.graph.output(names.free(output.port, output.node), lowered.values.get(endpointKey(output)) as never);
  // What the outputs do not need is left out, weights too.
  const needed = split(lowered.graph, () => false).second;
  return { ...lowered, graph: needed, inputNames: names.inputs, sizeNames: sizeNames(needed) };
}

/** A decoder from new tokens on, keys and values of earlier ones coming in and going out. */
async function loweredDecoder(spec: Export): Promise<LoweredExport> {
  const { request, graph, types, weightsOf } = spec;
  const { tokens } = promptSources(graph, request.tensors[0] as Endpoint);
  const { tensors } = decodersOf(graph, request.tensors);
  const handles = await handlesOf(graph, tensors, weightsOf);
  const typeOf = (from: Endpoint): { dtype: DType; shape: Shape } => {
    const isTokens = endpointKey(from) === endpointKey(tokens);
    return isTokens ? { dtype: "int64", shape: [cacheSizes.rows, cacheSizes.tokens] } : symbolicType(types, from);
  };
  const lowered = lower(graph, tensors, typeOf, { handles, caches: true });
  for (const output of request.tensors)
    lowered.graph.output(output.port, lowered.values.get(endpointKey(output)) as Value);
  const { presents } = lowered.caches as Caches;
  for (const [name, value] of presents) lowered.graph.output(name, value);
  const needed = split(lowered.graph, () => false).second;
  const fed = lowered.feeds.filter(({ name }) => needed.inputs.some((input) => input.name === name));
  const other = fed.find(({ from }) => endpointKey(from) !== endpointKey(tokens));
  if (other)
    throw new Failure({
      node: spec.node,
      port: "tensor",
      message: `Token by token a decoder reads tokens alone, and ${endpointKey(other.from)} comes in besides.`,
      hint: "Export it for whole texts, or what reads tokens alone.",
    });
  const inputNames = new Map(fed.map(({ name }) => [name, "input_ids"]));
  return { ...lowered, graph: needed, inputNames, sizeNames: optimumSizes };
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
