import * as z from "zod";
import { inBothDialects } from "#models/architectures/core/dialects";
import { hubLayout, type Placed } from "#models/architectures/core/hub-layout";
import { openConfig, type OpenedConfig } from "#models/architectures/core/open";
import type { Checkpoint, TensorAddress } from "#models/files/checkpoint";
import { listOf } from "#models/patterns";
import { quantizedIn } from "#models/files/quantized";
import { headerFor, type StreamedTensor, streamSafetensors } from "#models/files/safetensors";
import { bytesFile, jsonFile, streamZip, textFile, type ZipFile } from "#models/files/zip-writer";
import { adapterFiles } from "../core/adapter-folder";
import { checkpointOf } from "../core/checkpoint";
import type { Host } from "../core/host";
import { hubDocs } from "../core/hub";
import {
  checkFolder,
  type FolderChoice,
  folderFingerprint,
  folderParams,
  inspectFolder,
  type OpenFolder,
  openFolder,
} from "../core/model-folder";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { beyondOf, inPrecision, type Precision, precisions, shardsOf } from "../core/precision";
import type { FileValue, Weights } from "../core/values";
import { onnxFolder } from "../core/onnx-folder";

export const saveHuggingFace = defineNode({
  type: "weights.save-hugging-face",
  title: "Save as Hugging Face folder",
  description: "A model of Hugging Face's with other weights, as the folder that transformers loads.",
  synonyms: ["save_pretrained", "export"],
  docs: `Choose the folder that the model came from, as in *Hugging Face model*, and wire the weights that a training
gave. Every tensor of the folder that they hold is replaced; the others, such as those of a tower that was not wired,
stay what they are. Without weights the folder is written anew, in another precision or in other files.

- tensors bear the names that files on the hub have, which transformers 4 and 5 both read
- \`config.json\` says everything in the words of both: \`dtype\` and \`torch_dtype\`; \`rope_parameters\`,
  \`rope_theta\` and \`rope_scaling\`
- tokenizer, processor, chat template and \`generation_config.json\` are copied as they are

Of weights with *LoRA* the adapter alone is written, as PEFT saves it: \`adapter_config.json\` with patterns of rank
and alpha, and \`adapter_model.safetensors\`, with DoRA where it was trained so. What was trained as a whole beside it,
such as a new head, is named, and written as PEFT's \`modules_to_save\`. Or *Merge adapters* folds it in before, for a
whole model. Quantized matrices are not written: wire the weights as they were before *Quantize*.

As *ONNX model* the weights become \`onnx/model.onnx\` in place of .safetensors files, laid out as Optimum does, so that
transformers.js loads the folder: a language model with past and present, all others from their inputs to what they
give. LLaVA and BLIP-2 become \`vision_encoder\`, \`embed_tokens\` and \`decoder_model_merged\`; of LLaVA-NeXT and
LLaVA-OneVision the first sees single tiles, which whoever runs it packs. A captioner (BLIP) becomes \`encoder_model\`
and \`decoder_model_merged\`. Numbers are float32; those of *Quantize* stay blocks, in \`onnx/model_q4.onnx\`
(\`dtype: "q4"\`) or \`onnx/model_quantized.onnx\` (\`"q8"\`), of several files in those that hold them.

${hubDocs}`,
  version: 1,
  expensive: true,
  inputs: { weights: port.weights({ optional: true, doc: "Without them, the folder's own." }) },
  outputs: { file: port.file() },
  params: {
    name: z
      .string()
      .regex(/^[\w.-]{1,100}$/, "letters, digits, dots, - and _")
      .default("model")
      .meta({ label: "Folder name" }),
    content: z.enum(["whole model", "LoRA adapter", "ONNX model"]).default("whole model").meta({
      label: "What",
      description: "An adapter is written as PEFT saves it; an ONNX model as transformers.js loads it.",
    }),
    ...folderParams,
    scope: z
      .string()
      .max(64)
      .regex(/^[\w.-]*$/, "letters, digits, dots, - and _")
      .default("model")
      .meta({ description: "That of the node that the weights were trained in." }),
    precision: z.enum(precisions).default("as it is"),
    largest: z.number().min(0.00001).max(50).default(5).meta({
      label: "Largest file",
      unit: "GB",
      description: "Weights that take more are several files, with an index.",
      advanced: true,
    }),
    archive: z.enum(["one .zip", "files"]).default("one .zip").meta({
      label: "As",
      description: "Several files are downloaded one by one; on the command line they are a folder.",
    }),
    base: z.string().max(4096).default("").meta({
      label: "Base model",
      description: "What an adapter says that it belongs to, where that is not the folder or the id above.",
      advanced: true,
    }),
    whole: z
      .string()
      .max(10_000)
      .default("")
      .meta({
        label: "Also whole, with an adapter",
        widget: "textarea",
        description: "Parameters that were trained as a whole beside it, one pattern per line, such as classifier.*",
        when: { content: ["LoRA adapter"] },
        advanced: true,
      }),
    className: z.string().max(80).default("").meta({
      label: "Class",
      description: "Of transformers, where it is not the one that config.json names.",
      advanced: true,
    }),
  },
  inspect: { file: { ending: "/config.json", read: inspectFolder } },
  check: checkFolder,
  fingerprint: ({ host, params }) => folderFingerprint(host, params),
  async run({ host, inputs: { weights }, params }) {
    const source = await openFolder(host, params);
    const model = openConfig(source.config, {}, params.className.trim() || undefined);
    return { file: await stored(host, params, await filesOf(host, weights, { source, model, params })) };
  },
});

/** What an adapter says that it belongs to. */
const baseOf = ({ source, model, folder }: FolderChoice): string => {
  if (source === "hub") return model.trim();
  return source === "folder" ? folder : "";
};

interface ModelRequest {
  source: OpenFolder;
  model: OpenedConfig;
  params: FolderChoice & {
    content: string;
    base: string;
    whole: string;
    scope: string;
    precision: Precision;
    largest: number;
  };
}

function filesOf(host: Host, weights: Weights | undefined, request: ModelRequest): Promise<ZipFile[]> {
  const { model, params } = request;
  if (params.content === "LoRA adapter")
    return adapterFiles(host, weights, {
      model,
      scope: params.scope,
      base: params.base || baseOf(params),
      whole: listOf(params.whole),
    });
  return params.content === "ONNX model" ? onnxModelFiles(host, weights, request) : modelFiles(host, weights, request);
}

async function onnxModelFiles(
  host: Host,
  handle: Weights | undefined,
  { source, model, params: { scope } }: ModelRequest,
): Promise<ZipFile[]> {
  const weights = handle && (await checkpointFor(host, handle));
  const processor = source.companions.find(({ name }) => name === "preprocessor_config.json");
  const { files, settings } = await onnxFolder(host, {
    model,
    folder: source.checkpoint,
    weights,
    scope,
    processor: processor && new TextDecoder().decode(await processor.read()),
  });
  const fields = Object.keys(settings).length ? { "transformers.js_config": settings } : {};
  const config = inBothDialects(source.config, { className: model.className, dtype: "float32", fields });
  return [textFile("config.json", config), ...files, ...(await companionsOf(source))];
}

async function modelFiles(
  host: Host,
  handle: Weights | undefined,
  { source, model, params: { scope, precision, largest } }: ModelRequest,
): Promise<ZipFile[]> {
  const weights = handle && (await checkpointFor(host, handle));
  if (weights) refuseBlocks(weights);
  const placed = hubLayout(model, {
    folder: [...source.checkpoint.tensors.keys()],
    weights: [...(weights?.tensors.keys() ?? [])],
    scope,
  });
  if (weights) refuseForeign(placed, weights, scope);
  const addressOf = ({ from, stored: name }: Placed): TensorAddress =>
    (from === "weights" ? weights : source.checkpoint)?.tensors.get(name) as TensorAddress;
  const onBeyond = (name: string) => host.warn(beyondOf([name]));
  const tensors = placed.map((one) =>
    inPrecision({ host, name: one.name, address: addressOf(one), precision, onBeyond }),
  );
  const config = inBothDialects(source.config, {
    className: model.className,
    dtype: dtypeOf(precision, tensors),
  });
  return [textFile("config.json", config), ...weightFiles(tensors, largest * 1e9), ...(await companionsOf(source))];
}

/** Tokenizer, processor and settings of generation, as they are. */
function companionsOf({ companions }: OpenFolder): Promise<ZipFile[]> {
  return Promise.all(companions.map(async ({ name, read }) => bytesFile(name, await read())));
}

/** The tensors of weights that can be written as they are. */
async function checkpointFor(host: Host, weights: Weights): Promise<Checkpoint> {
  if (weights.ref === undefined)
    throw Object.assign(new Error("These weights were not trained or loaded, so there is nothing to save."), {
      hint: "Wire the weights of a trainer or a checkpoint.",
    });
  const checkpoint = await checkpointOf(host, weights);
  const adapted = [...checkpoint.tensors.keys()].find((name) => name.endsWith(".lora_A"));
  if (adapted !== undefined)
    throw Object.assign(new Error(`The weights hold the adapter “${adapted}”, which is no part of the model.`), {
      hint: "Choose to write the LoRA adapter, or put Merge adapters between, which folds it into the matrices.",
    });
  return checkpoint;
}

function refuseBlocks(checkpoint: Checkpoint): void {
  const [quantized] = quantizedIn(checkpoint).keys();
  if (quantized === undefined) return;
  throw Object.assign(new Error(`The matrix “${quantized}” is quantized, in blocks that transformers does not read.`), {
    hint: "Wire the weights as they were before Quantize, or write an ONNX model.",
  });
}

/** Weights of which the model has nothing were trained under another scope, or are those of another model. */
function refuseForeign(placed: readonly Placed[], { tensors }: Checkpoint, scope: string): void {
  if (placed.some(({ from }) => from === "weights")) return;
  const [first = ""] = tensors.keys();
  throw Object.assign(
    new Error(`The weights hold no parameter of the model behind the scope “${scope}”: they begin with “${first}”.`),
    { hint: "Set the scope to that of the Hugging Face model node that was trained." },
  );
}

const torchNames: Readonly<Record<string, string>> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

/** What config.json says of the weights: the element type of most of their bytes. */
function dtypeOf(precision: Precision, tensors: readonly StreamedTensor[]): string | undefined {
  if (precision !== "as it is") return precision;
  const bytes = new Map<string, number>();
  for (const { dtype, bytes: size } of tensors) bytes.set(dtype, (bytes.get(dtype) ?? 0) + size);
  const [most] = [...bytes].filter(([dtype]) => dtype in torchNames).sort(([, a], [, b]) => b - a);
  return most && torchNames[most[0]];
}

/** model.safetensors, or shards with their index. */
function weightFiles(tensors: readonly StreamedTensor[], mostBytes: number): ZipFile[] {
  const shards = shardsOf(tensors, mostBytes);
  const [only, ...others] = shards;
  if (only && !others.length) return [shardFile("model.safetensors", only)];
  const place = (i: number) => String(i).padStart(5, "0");
  const named = shards.map((shard, i) => ({
    name: `model-${place(i + 1)}-of-${place(shards.length)}.safetensors`,
    shard,
  }));
  const index = {
    metadata: { total_size: tensors.reduce((sum, { bytes }) => sum + bytes, 0) },
    weight_map: Object.fromEntries(named.flatMap(({ name, shard }) => shard.map((tensor) => [tensor.name, name]))),
  };
  return [jsonFile("model.safetensors.index.json", index), ...named.map(({ name, shard }) => shardFile(name, shard))];
}

/** transformers asks files what framework they are for. */
const metadata = { format: "pt" };

function shardFile(path: string, tensors: readonly StreamedTensor[]): ZipFile {
  const numbers = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  return {
    path,
    bytes: headerFor(tensors, metadata).byteLength + numbers,
    parts: () => streamSafetensors(tensors, metadata),
  };
}

/** The folder as one archive, or config.json with all else beside it. */
async function stored(
  host: Host,
  { name, archive }: { name: string; archive: "one .zip" | "files" },
  files: readonly ZipFile[],
): Promise<FileValue> {
  if (archive === "one .zip") {
    const inside = files.map((file) => ({ ...file, path: `${name}/${file.path}` }));
    return { ...(await host.putParts(streamZip(inside))), name: `${name}.zip` };
  }
  const put: { ref: string; name: string; bytes: number }[] = [];
  for (const { path, parts } of files) put.push({ ...(await host.putParts(asAsync(parts()))), name: path });
  const [config, ...beside] = put;
  return { ...(config as FileValue), beside };
}

async function* asAsync(parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* parts;
}
