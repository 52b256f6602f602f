/** A model of Hugging Face's as the .onnx files that lie in the folder `onnx` beside its config.json. */
import { hubLayout } from "#models/architectures/core/hub-layout";
import type { OpenedConfig } from "#models/architectures/core/open";
import { optimumGraphs } from "#models/architectures/core/optimum";
import type { Checkpoint, TensorAddress } from "#models/files/checkpoint";
import { type QuantizedTensor, quantizedIn, shapesIn } from "#models/files/quantized";
import { bytesFile, type ZipFile } from "#models/files/zip-writer";
import type { Graph } from "#models/onnx/graph";
import { sizeOf } from "#models/onnx/shape";
import { readProcessor } from "#models/pictures/processor-config";
import type { Host } from "./host";
import { onnxFiles } from "./onnx-files";
import type { ParameterSource } from "./parameter-source";

export interface OnnxFolderSources {
  model: OpenedConfig;
  folder: Checkpoint;
  /** Stand in for the folder's, behind the scope of the node that trained them. */
  weights?: Checkpoint;
  scope: string;
  /** What preprocessor_config.json says, where there is one. */
  processor?: string;
}

export interface OnnxFolder {
  files: ZipFile[];
  /** What config.json tells transformers.js, which must know beforehand which files there are. */
  settings: Record<string, unknown>;
}

/**
 * `model.onnx`, or the parts that transformers.js loads apart (`optimumGraphs`); each with `_q4` or `_quantized` behind
 * its name where it has matrices in blocks.
 */
export async function onnxFolder(
  host: Pick<Host, "size" | "read">,
  { model, folder, weights, scope, processor }: OnnxFolderSources,
): Promise<OnnxFolder> {
  const ofFolder = tensorsOf(folder);
  const ofWeights = weights && tensorsOf(weights);
  const placed = hubLayout(model, {
    folder: [...ofFolder.keys()],
    weights: [...(ofWeights?.keys() ?? [])],
    scope,
  });
  const found = new Map(
    placed.map(({ name, from, stored }) => [name, (from === "weights" ? ofWeights : ofFolder)?.get(stored)]),
  );
  const graphs = optimumGraphs(model, { has: (name) => found.has(name), size: sizeGiven(processor) });
  const files: ZipFile[] = [];
  const beside: Record<string, number> = {};
  for (const [stem, graph] of graphs) {
    const sources = sourcesOf(graph, found);
    const name = `${stem}${suffixOf([...sources.values()])}.onnx`;
    const dataName = `${name}_data`;
    const { model: bytes, data } = await onnxFiles(host, graph, sources, { dataName, isBeside: false });
    files.push(bytesFile(`onnx/${name}`, bytes));
    if (!data) continue;
    files.push({ path: `onnx/${dataName}`, ...data });
    beside[name] = 1;
  }
  return { files, settings: Object.keys(beside).length ? { use_external_data_format: beside } : {} };
}

function sourcesOf(graph: Graph, found: ReadonlyMap<string, Stored | undefined>): Map<string, ParameterSource> {
  const sources = new Map<string, ParameterSource>();
  for (const { name, value } of graph.parameters) {
    const source = found.get(name) as Stored;
    refuseOther(name, value.shape as readonly number[], source.shape);
    sources.set(name, source);
  }
  return sources;
}

/** The size that every picture has behind a processor, where it is one. */
function sizeGiven(processor: string | undefined): [number, number] | undefined {
  if (processor === undefined) return undefined;
  const { crop, resize } = readProcessor(JSON.parse(processor));
  if (crop) return [crop.height, crop.width];
  return resize?.to === "exact" ? [resize.height, resize.width] : undefined;
}

type Stored = TensorAddress | QuantizedTensor;

/** Tensors as they are, and matrices in blocks under their own names. */
function tensorsOf(checkpoint: Checkpoint): Map<string, Stored> {
  const quantized = quantizedIn(checkpoint);
  const names = [...shapesIn(checkpoint, quantized).keys()];
  return new Map(names.map((name) => [name, quantized.get(name) ?? (checkpoint.tensors.get(name) as TensorAddress)]));
}

function refuseOther(name: string, wanted: readonly number[], found: readonly number[]): void {
  const real = (shape: readonly number[]) => shape.filter((size) => size !== 1).join();
  if (real(wanted) === real(found) && sizeOf(wanted) === sizeOf(found)) return;
  throw Object.assign(
    new Error(`“${name}” is [${wanted.join(", ")}] by config.json and [${found.join(", ")}] in its file.`),
    { hint: "Take config.json and the weights from one and the same folder." },
  );
}

function suffixOf(sources: readonly ParameterSource[]): string {
  const bits = sources.flatMap((source) => ("bits" in source ? [source.bits] : []));
  if (!bits.length) return "";
  return bits.includes(4) ? "_q4" : "_quantized";
}
