/** The LoRA adapters of weights as the folder that PEFT loads. */
import { adapterConfigText } from "#models/architectures/core/adapters";
import { scopedFinder } from "#models/architectures/core/hub-layout";
import { isCausalModel } from "#models/architectures/core/optimum";
import type { OpenedConfig } from "#models/architectures/core/open";
import { parameterShapes } from "#models/architectures/core/signature";
import type { TensorAddress } from "#models/files/checkpoint";
import { safetensorsParts, type TensorToWrite, toFloat32 } from "#models/files/safetensors";
import { textFile, type ZipFile } from "#models/files/zip-writer";
import { adaptersIn, type FoundAdapter, transposedMatrix } from "./adapters";
import { checkpointOf } from "./checkpoint";
import type { Host } from "./host";
import type { Weights } from "./values";

export interface AdapterRequest {
  model: OpenedConfig;
  scope: string;
  /** The folder or the id of the model that it belongs to. */
  base: string;
}

interface AdaptedLayer {
  /** The layer's weight, as files of the hub call it. */
  weight: string;
  adapter: FoundAdapter;
  transposed: boolean;
}

export async function adapterFiles(
  host: Host,
  weights: Weights | undefined,
  { model, scope, base }: AdapterRequest,
): Promise<ZipFile[]> {
  const layers = weights?.ref === undefined ? [] : await adaptedLayers(host, weights, model, scope);
  if (!layers.length)
    throw Object.assign(new Error(`The weights hold no adapter of the model behind the scope “${scope}”.`), {
      hint: "Wire the weights that a training with LoRA gave, and set the scope to that of the node that was trained.",
    });
  const modules = layers.flatMap(({ weight, adapter: { settings } }) =>
    modulesOf(weight, model).map((module) => ({ module, ...settings, stabilized: settings.stabilized === true })),
  );
  const config = adapterConfigText({
    base,
    isCausal: isCausalModel(model.className),
    layers: modules,
    targets: targetsOf(layers, model),
    transposed: layers.some(({ transposed }) => transposed),
  });
  const tensors: TensorToWrite[] = [];
  for (const layer of layers) tensors.push(...(await layerTensors(host, layer, model)));
  const parts = safetensorsParts(tensors, { metadata: { format: "pt" } });
  const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
  return [textFile("adapter_config.json", config), { path: "adapter_model.safetensors", bytes, parts: () => parts }];
}

async function adaptedLayers(
  host: Host,
  weights: Weights,
  model: OpenedConfig,
  scope: string,
): Promise<AdaptedLayer[]> {
  const { tensors } = await checkpointOf(host, weights);
  const adapters = adaptersIn(tensors, weights.lora ?? []);
  const find = scopedFinder([...adapters.keys()], scope, model);
  const layers: AdaptedLayer[] = [];
  for (const weight of parameterShapes(model).keys()) {
    const adapter = adapters.get(find(weight) ?? "");
    if (!adapter) continue;
    refuseTable(weight);
    layers.push({ weight, adapter, transposed: model.names.transposed?.test(weight) === true });
  }
  return layers;
}

/** PEFT adapts tables of embeddings otherwise, and knows no adapter of a tensor that is no layer's weight. */
function refuseTable(weight: string): void {
  if (weight.endsWith(".weight") && !/embed[^.]*\.weight$|\.w[tp]e\.weight$/.test(weight)) return;
  throw Object.assign(new Error(`“${weight}” has an adapter, and is no linear layer: PEFT cannot load it.`), {
    hint: "Leave it out of LoRA's targets, or merge the adapters and write the whole model.",
  });
}

/**
 * The names of a layer's module in transformers 4, and in 5 where that is another: an adapter is written under both.
 */
function modulesOf(weight: string, { names: { modules = [] } }: OpenedConfig): string[] {
  const module = weight.replace(/\.weight$/, "");
  const later = modules.reduce((text, [from, to]) => text.replace(from, to), module);
  return [...new Set([module, later])];
}

/**
 * The last words of the modules' names where every layer of that name is adapted, as people write them; else whole
 * names.
 */
function targetsOf(layers: readonly AdaptedLayer[], model: OpenedConfig): string[] {
  const lastOf = (module: string) => module.slice(module.lastIndexOf(".") + 1);
  const adapted = new Set(layers.flatMap(({ weight }) => modulesOf(weight, model)));
  const all = [...parameterShapes(model).keys()].filter((name) => name.endsWith(".weight"));
  const spared = new Set(
    all
      .flatMap((name) => modulesOf(name, model))
      .filter((module) => !adapted.has(module))
      .map(lastOf),
  );
  return [...new Set([...adapted].map((module) => (spared.has(lastOf(module)) ? module : lastOf(module))))].sort();
}

/** lora_A [rank, in] and lora_B [out, rank]. */
async function layerTensors(
  host: Host,
  { weight, adapter: { a, b, settings }, transposed }: AdaptedLayer,
  model: OpenedConfig,
): Promise<TensorToWrite[]> {
  const read = async ({ file, dtype, start, end }: TensorAddress) =>
    toFloat32({ dtype, data: await host.read(file, start, end) }, weight);
  const { rank } = settings;
  const [n = 0, m = 0] = [a.shape[0], b.shape[1]];
  const left = await read(a);
  const right = await read(b);
  const [down, up] = transposed
    ? [transposedMatrix(left, [n, rank]), transposedMatrix(right, [rank, m])]
    : [right, left];
  const [width, height] = transposed ? [n, m] : [m, n];
  return modulesOf(weight, model).flatMap((module) => [
    { name: `base_model.model.${module}.lora_A.weight`, shape: [rank, width], data: down },
    { name: `base_model.model.${module}.lora_B.weight`, shape: [height, rank], data: up },
  ]);
}
