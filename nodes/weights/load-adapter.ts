import * as z from "zod";
import { adaptersInFile, type FileAdapter, openAdapterConfig, wholeInFile } from "#models/architectures/core/adapters";
import { llavaRenames, maeRenames, renamed } from "#models/architectures/core/names";
import { vitMlpNames, vitModuleNames } from "#models/architectures/core/vit-layer";
import type { Checkpoint, TensorAddress } from "#models/files/checkpoint";
import { safetensorsParts, streamSafetensors, type TensorToWrite, toFloat32 } from "#models/files/safetensors";
import { type AdapterSettings, lengthsOf, transposedMatrix } from "../core/adapters";
import { carried, checkpointOf, filesOf, weightsIn } from "../core/checkpoint";
import type { Host } from "../core/host";
import { hubDocs } from "../core/hub";
import { checkFolder, folderFingerprint, folderParams, inspectAdapter, openAdapterFolder } from "../core/model-folder";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const loadAdapter = defineNode({
  type: "weights.load-adapter",
  title: "Load adapter",
  description: "A LoRA adapter that PEFT saved, on the weights of its base model.",
  synonyms: ["LoraLoader", "PeftModel"],
  docs: `Reads \`adapter_config.json\` and \`adapter_model.safetensors\`: rank and alpha, their patterns, rsLoRA, DoRA.
The weights are those of the base, such as *Load checkpoint* gives from its folder; what comes out is what *LoRA*
gives: the adapters train on, all else is frozen unless *Others train* is on; *Merge adapters* folds them in, and *Save
as Hugging Face folder* writes them again.

Modules that were trained as a whole beside them, such as a new head (\`modules_to_save\`), and biases take the place of
the base's; the weights are then written anew. Adapters on embeddings are told: merge those with PEFT.

${hubDocs}`,
  version: 1,
  inputs: { weights: port.weights({ doc: "The base model's." }) },
  outputs: { weights: port.weights({ shares: "weights" }) },
  params: {
    ...folderParams,
    others: z
      .boolean()
      .default(false)
      .meta({ label: "Others train", description: "Leaves biases, norms and other parameters trainable." }),
  },
  inspect: { file: { ending: "/adapter_config.json", read: inspectAdapter } },
  check: checkFolder,
  fingerprint: ({ host, params }) => folderFingerprint(host, params),
  marks: ({ others }) => (others ? {} : { frozen: ["*"] }),
  async run({ host, inputs: { weights }, params }) {
    const { config: text, checkpoint } = await openAdapterFolder(host, params);
    const config = openAdapterConfig(text);
    const base = await checkpointOf(host, weights);
    const find = baseFinder(base);
    const lora: AdapterSettings[] = [];
    const tensors: TensorToWrite[] = [];
    for (const adapter of adaptersInFile(config, checkpoint)) {
      const name = find(adapter.weight);
      if (tensors.some((tensor) => tensor.name.startsWith(`${name}.lora_`))) continue; // under its other name
      const { rank, alpha } = adapter;
      const stabilized = config.use_rslora === true;
      const transposed = config.fan_in_fan_out === true;
      const inputAxis = transposed ? 0 : 1;
      const dora = adapter.magnitude ? ({ dora: true, inputAxis } as const) : {};
      lora.push({ rank, alpha, targets: [name], isLoaded: true, ...(stabilized && { stabilized }), ...dora });
      const own = base.tensors.get(name);
      tensors.push(...(await halves(host, adapter, { name, shape: own?.shape ?? [], transposed })));
      if (adapter.magnitude && own) tensors.push(await longer(host, adapter.magnitude, { name, own, inputAxis }));
    }
    const whole = new Map([...wholeInFile(checkpoint)].map(([name, address]) => [find(name), address]));
    if (config.ensure_weight_tying !== true) refuseUntied(base, [...whole.keys()]);
    const { ref } = await host.putParts(asStream(safetensorsParts(tensors)));
    const files = whole.size ? [await withWhole(host, base, whole)] : filesOf(weights);
    return {
      weights: {
        ...weights,
        ...weightsIn([...files, ref]),
        lora: [...(weights.lora ?? []), ...lora],
        frozen: [...(weights.frozen ?? []), ...(params.others ? [] : ["*"])],
      },
    };
  },
});

/** Scores that are read off the table of tokens stay the base's in PEFT where the adapter has a table of its own. */
function refuseUntied({ tensors }: Checkpoint, whole: readonly string[]): void {
  const table = whole.find((name) => /(^|\.)(embed_tokens|wte)\.weight$/.test(name));
  if (table === undefined || [...tensors.keys()].some((name) => /(^|\.)lm_head\.weight$/.test(name))) return;
  throw Object.assign(
    new Error(
      `The adapter has its own “${table}”, and its base reads scores off the same table, which PEFT keeps apart.`,
    ),
    { hint: "Merge the adapter into its model with PEFT (merge_and_unload), save it untied, and load the result." },
  );
}

/** The base written anew, with some of its tensors as others are; gives the reference of the file. */
async function withWhole(host: Host, base: Checkpoint, whole: ReadonlyMap<string, TensorAddress>): Promise<string> {
  const tensors = [...base.tensors].map(([name, own]) => {
    const other = whole.get(name);
    if (other && other.shape.join() !== own.shape.join())
      throw Object.assign(
        new Error(`The adapter's “${name}” is [${other.shape.join(", ")}], and its base is [${own.shape.join(", ")}].`),
        { hint: "Wire the weights of the model that the adapter was trained on." },
      );
    return carried(host, name, other ?? own);
  });
  return (await host.putParts(streamSafetensors(tensors, base.metadata))).ref;
}

/** Names that transformers 5 has made new, for adapters and bases of either version. */
const worlds = [{ renames: llavaRenames }, { renames: [...maeRenames, ...vitModuleNames, ...vitMlpNames] }];

/** Finds the base's matrix of an adapted layer: of that name, or the only one whose end or beginning it is. */
function baseFinder({ tensors }: Checkpoint): (weight: string) => string {
  const names = [...tensors.keys()];
  return (weight) => {
    if (tensors.has(weight)) return weight;
    const other = names.find((name) => worlds.some((rules) => renamed(name, rules) === renamed(weight, rules)));
    if (other !== undefined) return other;
    const spelt = [weight, renamed(weight, { renames: [...vitModuleNames, ...vitMlpNames] })];
    const similar = names.filter((name) =>
      spelt.some((own) => name === own || name.endsWith(`.${own}`) || own.endsWith(`.${name}`)),
    );
    const [only, ...others] = similar;
    if (only !== undefined && !others.length) return only;
    throw Object.assign(
      new Error(
        `The adapter is one on “${weight}”, and the weights hold no such matrix: they begin with “${names[0]}”.`,
      ),
      { hint: "Wire the weights of the model that the adapter was trained on." },
    );
  };
}

/** An adapter's two matrices as they lie beside the base: [n, rank] and [rank, m] for a base of [n, m]. */
async function halves(
  host: Host,
  { a, b, rank }: FileAdapter,
  { name, shape, transposed }: { name: string; shape: readonly number[]; transposed: boolean },
): Promise<TensorToWrite[]> {
  const [width = 0, height = 0] = [a.shape[1], b.shape[0]];
  const [n, m] = transposed ? [width, height] : [height, width];
  if (shape.join() !== [n, m].join() || a.shape.length !== 2)
    throw Object.assign(
      new Error(`The adapter of “${name}” is one on [${n}, ${m}], and its base is [${shape.join(", ")}].`),
      {
        hint: "Wire the weights of the model that the adapter was trained on.",
      },
    );
  const down = await numbersOf(host, a, name);
  const up = await numbersOf(host, b, name);
  const [left, right] = transposed
    ? [transposedMatrix(down, [rank, width]), transposedMatrix(up, [height, rank])]
    : [up, down];
  return [
    { name: `${name}.lora_A`, shape: [n, rank], data: left },
    { name: `${name}.lora_B`, shape: [rank, m], data: right },
  ];
}

/** By how much each output is longer than the base's. */
async function longer(
  host: Host,
  magnitude: TensorAddress,
  { name, own, inputAxis }: { name: string; own: TensorAddress; inputAxis: 0 | 1 },
): Promise<TensorToWrite> {
  const [rows = 0, columns = 0] = own.shape;
  const lengths = lengthsOf(await numbersOf(host, own, name), [rows, columns], inputAxis);
  const wanted = await numbersOf(host, magnitude, name);
  if (wanted.length !== lengths.length)
    throw Object.assign(
      new Error(`The adapter of “${name}” has ${wanted.length} lengths, and its base ${lengths.length} outputs.`),
      { hint: "Wire the weights of the model that the adapter was trained on." },
    );
  const data = wanted.map((length, output) => length - (lengths[output] as number));
  return { name: `${name}.lora_M`, shape: [data.length], data };
}

const numbersOf = async (host: Host, { file, dtype, start, end }: TensorAddress, name: string) =>
  toFloat32({ dtype, data: await host.read(file, start, end) }, name);

async function* asStream(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}
