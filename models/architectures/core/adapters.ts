/** Low-rank adapters as PEFT writes them: W + scale·B·A (Hu et al. 2021), and with DoRA that at another length. */
import * as z from "zod";
import type { Checkpoint, TensorAddress } from "../../files/checkpoint";
import type { TensorRange } from "../../files/safetensors";
import { cutText } from "../../files/text";
import { nestedRepetition } from "../../files/tokenizers/patterns";
import type { NameRules } from "./names";
import { nameFinder } from "./names";
import { ConfigError, parsed } from "./json";

/** The fields of adapters that are more than a product of two matrices. */
const others = [
  "alora_invocation_tokens",
  "arrow_config",
  "kasa_config",
  "layer_replication",
  "lora_bias",
  "monteclora_config",
  "target_parameters",
  "trainable_token_indices",
  "use_bdlora",
  "use_qalora",
];

const config = z.object({
  peft_type: z.literal("LORA"),
  base_model_name_or_path: z.string().max(4096).nullish(),
  lora_alpha: z.number().default(8),
  use_rslora: z.boolean().nullish(),
  use_dora: z.boolean().nullish(),
  fan_in_fan_out: z.boolean().nullish(),
  ensure_weight_tying: z.boolean().nullish(),
  init_lora_weights: z.union([z.boolean(), z.string().max(100)]).nullish(),
  alpha_pattern: z
    .record(z.string().max(1000).refine(isMatchable, "it is no pattern of names that can be matched here"), z.number())
    .nullish()
    .transform((given) => Object.entries(given ?? {}).map(([pattern, alpha]) => ({ fits: endOfName(pattern), alpha }))),
});
export type AdapterConfig = z.output<typeof config>;

const file = "adapter_config.json";

/** Reads an adapter_config.json. Throws `ConfigError` for adapters of other kinds. */
export function openAdapterConfig(text: string): AdapterConfig {
  const json = parsed(text, file);
  const result = config.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    const field = cutText(issue?.path.join(".") ?? "", 100, "…");
    const reason = issue?.code === "invalid_key" ? issue.issues[0]?.message : issue?.message;
    throw new ConfigError(`${file}: “${field}” cannot be used: ${reason}.`, mergeFirst);
  }
  const other = others.find((field) => isAskedFor(json[field]));
  if (other) throw new ConfigError(`${file}: adapters with “${other}” are not known.`, mergeFirst);
  const { init_lora_weights: start } = result.data;
  if (typeof start === "string" && changesBase.test(start))
    throw new ConfigError(
      `${file}: with “init_lora_weights” as “${start}” the adapter is one on other weights than those of its base.`,
      mergeFirst,
    );
  return result.data;
}

const isAskedFor = (given: unknown): boolean => (Array.isArray(given) ? given.length > 0 : Boolean(given));

/** What takes from the base's weights what the adapter begins as (Meng et al. 2024; Büyükakyüz 2024; and others). */
const changesBase = /^(pissa|olora|corda|loftq)/i;

const mergeFirst = "Merge the adapter into its model with PEFT (merge_and_unload), and load the result.";

/** Where an adapter of one layer lies, and what its product is multiplied by. */
export interface LayerAdapter {
  a: Stored;
  b: Stored;
  scale: number;
  /** How long the numbers are that each output reads (DoRA, Liu et al. 2024); their own length where absent. */
  magnitude?: Stored;
  /** Whether the layer keeps its weight as [in, out]. */
  transposed: boolean;
}
export interface Stored {
  name: string;
  range: TensorRange;
}

/** An adapter that is loaded beside a model. */
export interface OpenAdapter {
  /** The adapter of the layer whose weight has this name. */
  of(weight: string): LayerAdapter | undefined;
  /** A tensor that stands for one of the model's. */
  instead(name: string): Stored | undefined;
  /** Its layers, as its file names them. */
  layers: ReadonlySet<string>;
  checkpoint: Checkpoint;
}

/** An adapter's files in PEFT's own names. */
export interface WrittenAdapter {
  base: string;
  /** Whether it is one of a language model. */
  isCausal: boolean;
  /** The layers that are adapted, by the names of their modules. */
  layers: readonly { module: string; rank: number; alpha: number; stabilized: boolean }[];
  /** Names of modules that stand for those of `layers`: the ends that fit them, and nothing else. */
  targets: readonly string[];
  /** Modules that were trained as a whole beside them. */
  whole: readonly string[];
  transposed: boolean;
  dora: boolean;
}

/** An adapter_config.json: what most layers have holds for all, and patterns say what the others have. */
export function adapterConfigText(adapter: WrittenAdapter): string {
  const { base, isCausal, layers, targets, whole, transposed, dora } = adapter;
  const stabilized = layers.every((layer) => layer.stabilized);
  // PEFT scales all layers one way: where they differ, those that are stabilized get the alpha that comes to the same.
  const alphas = layers.map(({ rank, alpha, stabilized: own }) =>
    own && !stabilized ? alpha * Math.sqrt(rank) : alpha,
  );
  const rank = commonest(layers.map((layer) => layer.rank));
  const alpha = commonest(alphas);
  const json = {
    peft_type: "LORA",
    task_type: isCausal ? "CAUSAL_LM" : null,
    base_model_name_or_path: base,
    bias: "none",
    fan_in_fan_out: transposed,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: alpha,
    lora_dropout: 0,
    modules_to_save: whole.length ? whole : null,
    r: rank,
    rank_pattern: Object.fromEntries(layers.filter((l) => l.rank !== rank).map((l) => [l.module, l.rank])),
    alpha_pattern: Object.fromEntries(layers.flatMap((l, i) => (alphas[i] === alpha ? [] : [[l.module, alphas[i]]]))),
    target_modules: targets,
    use_dora: dora,
    use_rslora: stabilized,
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

function commonest(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].sort(([, left], [, right]) => right - left)[0]?.[0] ?? 8;
}

const begin = /^base_model\.model\./;
const parts = /\.lora_(?:[AB](?:\.default)?\.weight|magnitude_vector(?:\.default)?(?:\.weight)?)$/;

/** Later versions of PEFT leave out that it is a weight. */
const magnitudeNames = [".lora_magnitude_vector", ".lora_magnitude_vector.weight"];

export function openAdapter(adapter: AdapterConfig, checkpoint: Checkpoint, rules: NameRules): OpenAdapter {
  const names = [...checkpoint.tensors.keys()];
  const odd = names.find((name) => /\.lora_/.test(name) && !parts.test(name));
  if (odd !== undefined)
    throw new ConfigError(
      `The adapter holds “${cutText(odd, 100, "…")}”, which is no part of a plain one.`,
      mergeFirst,
    );
  const find = ownFinder(checkpoint, rules);
  const stored = (name: string): Stored | undefined => {
    const found = find(name) ?? find(name.replace(/\.weight$/, ".default.weight"));
    const range = found === undefined ? undefined : checkpoint.tensors.get(found);
    return found !== undefined && range ? { name: found, range } : undefined;
  };
  return {
    checkpoint,
    layers: new Set(names.filter((name) => parts.test(name)).map(layerOf)),
    instead: stored,
    of(weight) {
      const layer = weight.replace(/\.weight$/, "");
      const a = stored(`${layer}.lora_A.weight`);
      const b = stored(`${layer}.lora_B.weight`);
      if (!a || !b) return undefined;
      const magnitude = magnitudeNames.map((name) => stored(`${layer}${name}`)).find((found) => found);
      const rank = a.range.shape[0] ?? 1;
      const alpha = alphaOf(adapter, layerOf(a.name));
      const scale = alpha / (adapter.use_rslora ? Math.sqrt(rank) : rank);
      return { a, b, scale, ...(magnitude && { magnitude }), transposed: adapter.fan_in_fan_out === true };
    },
  };
}

/** What an adapter holds is that alone: of two tensors that are one in the base it may hold either. */
const ownFinder = ({ tensors }: Checkpoint, rules: NameRules) => nameFinder(tensors.keys(), { ...rules, tied: {} });

/** Whether an adapter keeps a table of tokens apart, or the scores' layer, that are one in its base. */
export function untiesTable(
  { ensure_weight_tying: keeps }: AdapterConfig,
  held: Checkpoint,
  rules: NameRules,
): boolean {
  const find = ownFinder(held, rules);
  const tables = Object.entries(rules.tied ?? {})
    .flat()
    .filter((name) => name.endsWith(".weight"));
  return !keeps && tables.some((name) => find(name) !== undefined);
}

/** One layer's adapter in a file, and by what it is scaled. */
export interface FileAdapter {
  /** The layer's weight, as the file calls it. */
  weight: string;
  /** [rank, in] and [out, rank]. */
  a: TensorAddress;
  b: TensorAddress;
  /** [out], of DoRA. */
  magnitude?: TensorAddress;
  alpha: number;
  rank: number;
}

/** Every adapter of a file. Throws `ConfigError` where one is not a plain low-rank one. */
export function adaptersInFile(config: AdapterConfig, { tensors }: Checkpoint): FileAdapter[] {
  const other = [...tensors.keys()].find((name) => name.includes(".lora_") && !parts.test(name));
  if (other !== undefined)
    throw new ConfigError(`The adapter holds “${cutText(other, 100, "…")}”, which is no low-rank part.`, mergeFirst);
  return [...tensors].flatMap(([name, a]): FileAdapter[] => {
    const b = tensors.get(name.replace(".lora_A.", ".lora_B."));
    if (!name.includes(".lora_A.") || !b) return [];
    const layer = layerOf(name);
    const [beginning = ""] = name.split(".lora_A.");
    const magnitude = magnitudeNames.map((end) => tensors.get(`${beginning}${end}`)).find((found) => found);
    const more = magnitude && { magnitude };
    return [{ weight: `${layer}.weight`, a, b, ...more, alpha: alphaOf(config, layer), rank: a.shape[0] ?? 1 }];
  });
}

/**
 * What a file holds beside adapters, by its name in the model: heads and whatever else was trained as a whole (PEFT's
 * `modules_to_save`), and biases.
 */
export function wholeInFile({ tensors }: Checkpoint): Map<string, TensorAddress> {
  const whole = [...tensors].filter(([name]) => !name.includes(".lora_"));
  return new Map(
    whole.map(([name, address]) => [
      name.replace(begin, "").replace(/\.(base_layer|modules_to_save(\.default)?)(?=\.)/, ""),
      address,
    ]),
  );
}

/** The layer that a tensor of an adapter belongs to, as its file calls it. */
export const layerOf = (name: string): string => name.replace(begin, "").replace(parts, "");

/** The first pattern that fits the end of a layer's name, else what holds for all. */
const alphaOf = ({ alpha_pattern: patterns, lora_alpha: otherwise }: AdapterConfig, layer: string): number =>
  patterns.find(({ fits }) => fits.test(layer))?.alpha ?? otherwise;

/** As PEFT takes a pattern: a regular expression for a whole name, or for what stands in it behind a dot. */
function endOfName(pattern: string): RegExp {
  return new RegExp(`^(?:.*\\.)?(?:${pattern})$`);
}

/** Each repetition multiplies how long a match takes, and one inside of another has no end. */
const mostRepetitions = 4;

function isMatchable(pattern: string): boolean {
  const repetitions = pattern.match(/[*+{]/g)?.length ?? 0;
  if (repetitions > mostRepetitions || nestedRepetition(pattern) !== undefined) return false;
  try {
    return Boolean(endOfName(pattern));
  } catch {
    return false;
  }
}
