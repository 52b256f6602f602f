import { termsOf } from "#models/onnx/dim";
import type { Dim, Graph } from "#models/onnx/graph";
import { toModel } from "#models/onnx/proto";
import { rewrite } from "#models/onnx/rewrite";
import { split } from "#models/onnx/split";
import type { ExportRequest } from "#nodes/core/host";
import type { Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { symbolicType, type Types } from "#nodes/graph/infer";
import { type Lowered, lower } from "#nodes/graph/lower";
import { coneOf } from "#nodes/graph/plan";
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
 * The tensor nodes upstream of the asked tensors as one ONNX model with the batch size open, their weights written into it. Inputs and
 * outputs are called as the ports that read and give them.
 */
export async function exportOnnx({ request, node, graph, types, blobs, weightsOf, warn }: Export): Promise<Uint8Array> {
  const titleOf = (id: string) => graph.nodes.get(id)?.definition.title ?? id;
  const {
    tensors,
    after: [blocked],
  } = coneOf(graph, request.tensors);
  const first = request.tensors.find((t) => !tensors.includes(t.node));
  if (first)
    throw new Failure({
      node,
      port: "tensor",
      message: `${titleOf(first.node)} computes outside of ONNX, so ${endpointKey(first)} is no part of a model.`,
      hint: "Wire the output of a tensor node, such as an encoder.",
    });
  if (blocked !== undefined)
    throw new Failure({
      node: blocked,
      message: `${titleOf(blocked)} stands between the exported nodes and computes outside of ONNX.`,
      hint: "Export what comes before it.",
    });
  const all = lower(graph, tensors, (from) => symbolicType(types, from), {
    handles: await handlesOf(graph, tensors, weightsOf),
  });
  const names = portNames(all, graph, tensors);
  for (const output of request.tensors)
    all.graph.output(names.free(output.port, output.node), all.values.get(endpointKey(output)) as never);
  const lowered = { ...all, graph: split(all.graph, () => false).second }; // what the outputs do not need is left out, weights too
  const bytes = lowered.graph.parameters.reduce(
    (sum, p) => sum + 4 * p.value.shape.reduce<number>((n, d) => n * Number(d), 1),
    0,
  );
  if (bytes > maxWeightBytes)
    throw new Failure({
      node,
      message: `The weights take ${(bytes / 2 ** 30).toFixed(1)} GiB, and an ONNX file holds at most 2.`,
      hint: "Export parts of the model one by one, or save the weights as .safetensors.",
    });
  const wired = new Map(lowered.parameters.map((p) => [p.graphName, p.weights]));
  const fresh = lowered.graph.parameters.find((p) => !wired.get(p.name) && ["normal", "uniform"].includes(p.init.kind));
  if (fresh) warn(`${fresh.name} was drawn at random: nothing is wired to the weights of its node.`);
  const values = await parameterValues(lowered, weightsOf, blobs);
  return toModel(rewrite(lowered.graph, { names: names.inputs, sizes: sizeNames(lowered.graph) }), {
    parameters: "initializers",
    values: (name) => values.get(name) as Float32Array<ArrayBuffer>,
  });
}

/** An input is called as the port that reads it, an output as the port that gives it; with the node's id before it where that is taken. */
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
