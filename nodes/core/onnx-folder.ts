/** A model of Hugging Face's as the .onnx file that lies in the folder `onnx` beside its config.json. */
import { hubLayout } from "#models/architectures/core/hub-layout";
import type { OpenedConfig } from "#models/architectures/core/open";
import { optimumGraph } from "#models/architectures/core/optimum";
import type { Checkpoint, TensorAddress } from "#models/files/checkpoint";
import { type QuantizedTensor, quantizedIn, shapesIn } from "#models/files/quantized";
import { bytesFile, type ZipFile } from "#models/files/zip-writer";
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

/** `model.onnx`, or `model_q4.onnx` and `model_quantized.onnx` of matrices in blocks, as transformers.js names them. */
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
  const graph = optimumGraph(model, { has: (name) => found.has(name), size: sizeGiven(processor) });
  const sources = new Map<string, ParameterSource>();
  for (const { name, value } of graph.parameters) {
    const source = found.get(name) as Stored;
    refuseOther(name, value.shape as readonly number[], source.shape);
    sources.set(name, source);
  }
  const name = fileNameOf([...sources.values()]);
  const dataName = `${name}_data`;
  const { model: bytes, data } = await onnxFiles(host, graph, sources, { dataName, isBeside: false });
  const files: ZipFile[] = [bytesFile(`onnx/${name}`, bytes)];
  if (data) files.push({ path: `onnx/${dataName}`, ...data });
  return { files, settings: data ? { use_external_data_format: { [name]: 1 } } : {} };
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

function fileNameOf(sources: readonly ParameterSource[]): string {
  const bits = sources.flatMap((source) => ("bits" in source ? [source.bits] : []));
  if (!bits.length) return "model.onnx";
  return bits.includes(4) ? "model_q4.onnx" : "model_quantized.onnx";
}
