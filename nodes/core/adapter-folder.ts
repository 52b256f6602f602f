/** The LoRA adapters of weights as the folder that PEFT loads. */
import { adapterConfigText } from "#models/architectures/core/adapters";
import { scopedFinder } from "#models/architectures/core/hub-layout";
import { matches } from "#models/patterns";
import { isCausalModel } from "#models/architectures/core/optimum";
import type { OpenedConfig } from "#models/architectures/core/open";
import { parameterShapes } from "#models/architectures/core/signature";
import type { TensorAddress } from "#models/files/checkpoint";
import { safetensorsParts, type TensorToWrite, toFloat32 } from "#models/files/safetensors";
import { textFile, type ZipFile } from "#models/files/zip-writer";
import { adaptersIn, type FoundAdapter, lengthsOf, transposedMatrix } from "./adapters";
import { checkpointOf } from "./checkpoint";
import type { Host } from "./host";
import type { Weights } from "./values";

export interface AdapterRequest {
  model: OpenedConfig;
  scope: string;
  /** The folder or the id of the model that it belongs to. */
  base: string;
  /** Patterns of parameters that were trained as a whole, such as a new head. */
  whole: readonly string[];
}

interface AdaptedLayer {
  /** The layer's weight, as files of the hub call it. */
  weight: string;
  /** The matrix that is adapted, where the weights hold it. */
  own?: TensorAddress;
  adapter: FoundAdapter;
  transposed: boolean;
}

export async function adapterFiles(
  host: Host,
  weights: Weights | undefined,
  { model, scope, base, whole: patterns }: AdapterRequest,
): Promise<ZipFile[]> {
  const layers = weights?.ref === undefined ? [] : await adaptedLayers(host, weights, model, scope);
  if (!layers.length)
    throw Object.assign(new Error(`The weights hold no adapter of the model behind the scope “${scope}”.`), {
      hint: "Wire the weights that a training with LoRA gave, and set the scope to that of the node that was trained.",
    });
  const dora = isDora(layers);
  const whole = weights ? await wholeTensors(host, weights, { model, scope, patterns, layers }) : [];
  const modules = layers.flatMap(({ weight, adapter: { settings } }) =>
    modulesOf(weight, model).map((module) => ({ module, ...settings, stabilized: settings.stabilized === true })),
  );
  const config = adapterConfigText({
    base,
    isCausal: isCausalModel(model.className),
    layers: modules,
    targets: targetsOf(layers, model),
    whole: [...new Set(whole.map(({ module }) => module))].sort(),
    transposed: layers.some(({ transposed }) => transposed),
    dora,
  });
  const tensors: TensorToWrite[] = whole.map(({ tensor }) => tensor);
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
    const own = tensors.get(find(weight) ?? "");
    layers.push({ weight, adapter, ...(own && { own }), transposed: model.names.transposed?.test(weight) === true });
  }
  return layers;
}

/** PEFT has it for all layers of an adapter or for none. */
function isDora(layers: readonly AdaptedLayer[]): boolean {
  const [first, other] = [true, false].map((wanted) =>
    layers.find(({ adapter }) => (adapter.settings.dora === true) === wanted),
  );
  if (first && other)
    throw Object.assign(new Error(`“${first.weight}” is adapted with DoRA, and “${other.weight}” without.`), {
      hint: "Adapt all of them the one way or the other, or merge the adapters and write the whole model.",
    });
  return first !== undefined;
}

interface WholeRequest {
  model: OpenedConfig;
  scope: string;
  patterns: readonly string[];
  layers: readonly AdaptedLayer[];
}

/** What was trained as a whole, under the names of its modules in both versions of transformers. */
async function wholeTensors(
  host: Host,
  weights: Weights,
  { model, scope, patterns, layers }: WholeRequest,
): Promise<{ module: string; tensor: TensorToWrite }[]> {
  if (!patterns.length) return [];
  const { tensors } = await checkpointOf(host, weights);
  const find = scopedFinder([...tensors.keys()], scope, model);
  const adapted = new Set(layers.map(({ weight }) => weight));
  const chosen = [...parameterShapes(model).keys()].filter((name) => matches(name, patterns) && !adapted.has(name));
  const unfit = patterns.find((pattern) => !chosen.some((name) => matches(name, [pattern])));
  if (unfit !== undefined)
    throw Object.assign(new Error(`No parameter of the model fits “${unfit}”, of what was trained as a whole.`), {
      hint: "Name parameters as files of the hub do, such as classifier.*.",
    });
  const written = chosen.map(async (name) => {
    const address = tensors.get(find(name) ?? "");
    if (!address)
      throw Object.assign(new Error(`The weights hold no “${name}”, which was to be written as a whole.`), {
        hint: "Wire the weights that the training gave, or leave it out.",
      });
    const data = await numbersOf(host, address, name);
    const [, part = ""] = /\.([^.]+)$/.exec(name) ?? [];
    return modulesOf(name, model, part).map((module) => ({
      module,
      tensor: { name: `base_model.model.${module}.${part}`, shape: address.shape, data },
    }));
  });
  return (await Promise.all(written)).flat();
}

const numbersOf = async (host: Host, { file, dtype, start, end }: TensorAddress, name: string) =>
  toFloat32({ dtype, data: await host.read(file, start, end) }, name);

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
function modulesOf(parameter: string, { names: { modules = [] } }: OpenedConfig, part = "weight"): string[] {
  const module = parameter.endsWith(`.${part}`) ? parameter.slice(0, -part.length - 1) : parameter;
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

/** lora_A [rank, in] and lora_B [out, rank]; with DoRA the lengths of the outputs' numbers, [out]. */
async function layerTensors(
  host: Host,
  { weight, own, adapter: { a, b, m: longer, settings }, transposed }: AdaptedLayer,
  model: OpenedConfig,
): Promise<TensorToWrite[]> {
  const { rank } = settings;
  const [n = 0, m = 0] = [a.shape[0], b.shape[1]];
  const left = await numbersOf(host, a, weight);
  const right = await numbersOf(host, b, weight);
  const lengths: Float32Array[] = [];
  if (settings.dora) {
    if (!own) throw new Error(`The weights do not hold “${weight}” itself, whose lengths belong to its adapter.`);
    const more = longer && (await numbersOf(host, longer, weight));
    const base = lengthsOf(await numbersOf(host, own, weight), [n, m], transposed ? 0 : 1);
    lengths.push(Float32Array.from(base, (length, output) => length + (more?.[output] ?? 0)));
  }
  const [down, up] = transposed
    ? [transposedMatrix(left, [n, rank]), transposedMatrix(right, [rank, m])]
    : [right, left];
  const [width, height] = transposed ? [n, m] : [m, n];
  return modulesOf(weight, model).flatMap((module) => [
    { name: `base_model.model.${module}.lora_A.weight`, shape: [rank, width], data: down },
    { name: `base_model.model.${module}.lora_B.weight`, shape: [height, rank], data: up },
    ...lengths.map((data) => ({
      name: `base_model.model.${module}.lora_magnitude_vector`,
      shape: [height],
      data,
    })),
  ]);
}
