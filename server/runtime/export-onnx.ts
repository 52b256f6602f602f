import { termsOf } from "#models/onnx/dim";
import type { Dim, Graph, Init } from "#models/onnx/graph";
import { toModel } from "#models/onnx/proto";
import { rewrite } from "#models/onnx/rewrite";
import { split } from "#models/onnx/split";
import type { ExportRequest } from "#nodes/core/host";
import type { Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { symbolicType, type Types } from "#nodes/graph/infer";
import { type Lowered, lower } from "#nodes/graph/lower";
import { coneOf, upstreamOf } from "#nodes/graph/plan";
import { endpointKey, type ResolvedGraph } from "#nodes/graph/resolve";
import { Failure } from "../errors";
import type { Blobs } from "../storage/blobs";
import { handlesOf, parameterValues } from "./parameters";

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

/** A protobuf file ends at 2 GiB; what is no weight takes some of it. */
const maxWeightBytes = 2 ** 31 - 64 * 2 ** 20;

/**
 * The tensor nodes upstream of the asked tensors as one ONNX model with the batch size open, their weights written into
 * it. Inputs and outputs are called as the ports that read and give them.
 */
export async function exportOnnx(spec: Export): Promise<Uint8Array> {
  const lowered = await lowerExported(spec, exportedNodes(spec));
  refuseTooLarge(spec, lowered);
  warnOfFreshWeights(spec, lowered);
  const values = await parameterValues(lowered, spec.weightsOf, spec.blobs);
  return toModel(rewrite(lowered.graph, { names: lowered.inputNames, sizes: sizeNames(lowered.graph) }), {
    parameters: "initializers",
    values: (name) => values.get(name) as Float32Array<ArrayBuffer>,
  });
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

function refuseTooLarge({ node }: Export, { graph }: Lowered): void {
  const sizes = graph.parameters.map(({ value }) => value.shape.reduce<number>((n, d) => n * Number(d), 1));
  const bytes = 4 * sizes.reduce((sum, size) => sum + size, 0);
  if (bytes <= maxWeightBytes) return;
  throw new Failure({
    node,
    message: `The weights take ${(bytes / 2 ** 30).toFixed(1)} GiB, and an ONNX file holds at most 2.`,
    hint: "Export parts of the model one by one, or save the weights as .safetensors.",
  });
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
