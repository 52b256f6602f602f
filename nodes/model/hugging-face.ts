import * as z from "zod";
import { Inputs, MissingInput, type PictureSpec } from "#models/architectures/core/architecture";
import { ConfigError } from "#models/architectures/core/json";
import { loadFamilies } from "#models/architectures/core/known-families";
import { nameFinder } from "#models/architectures/core/names";
import { classNames, openConfig, type OpenedConfig } from "#models/architectures/core/open";
import { type ModelSignature, signatureOf } from "#models/architectures/core/signature";
import type { Builder } from "#models/blocks/builder";
import { gridOf } from "#models/blocks/patches";
import type { Checkpoint } from "#models/files/checkpoint";
import type { Shape, Value } from "#models/onnx/graph";
import type { Beside } from "#models/onnx/import/external";
import type { Source } from "#models/onnx/import/fields";
import { portNames } from "#models/onnx/import/signature";
import { hubDocs, folderOrHubParams } from "../core/hub";
import { folderOf, uploadedCheckpoint, uploadedFolder, weightFiles } from "../core/model-folder";
import { defineNode } from "../core/node";
import { type Ports, port } from "../core/ports";
import { scopeParam } from "../core/scope";

/** A config.json that is larger is none. */
const mostLetters = 200_000;
const upload = uploadedFolder.extend({ config: z.string().max(mostLetters) });

interface Choice {
  source: "upload" | "folder" | "hub";
  file?: z.output<typeof upload>;
  folder: string;
  model: string;
  revision: string;
  config: string;
  className: string;
  layer: number;
  fresh: boolean;
}

/** What `prepare` gives: where the folder's tensors lie. */
interface Prepared {
  checkpoint?: Checkpoint;
}

/** When parameters mean something, by others. */
const uploadedOnly = { source: ["upload"] };
const notUploaded = { source: ["folder", "hub"] };

export const huggingFace = defineNode({
  type: "model.hugging-face",
  title: "Hugging Face model",
  description: "A model from a folder of Hugging Face's: its parts run, train and export like any other node.",
  synonyms: ["AutoModel", "from_pretrained", "transformers", "pretrained", "checkpoint loader"],
  docs: `\`config.json\` says what the model is, and gives the ports at once, before a weight is read; they bear the
names that transformers' \`forward\` gives its arguments and results. Only what is wired is built: the picture encoder
of CLIP alone, say. Weights stay where they lie, float16 and bfloat16 too, and are computed with as float32.

Beside them there are \`hidden_state\`, what the chosen layer leaves, and for pictures \`patches\`, the same without the
tokens before the patches: float32 [B, N, D]. Layer 0 is what enters the first layer, −1 what the last one leaves,
before the norm behind it in picture encoders and after it in language models. \`attentions\`, where it is wired, is
what each token of the picture looks at in that layer, float32 [B, heads, T, T], as *Heat over patches* shows it.
Pictures of other sizes get their positions interpolated, as the model's own code does.

Without a weights wire the weights are the folder's. *Load checkpoint*, frozen, adapted or trained, gives others: names
are found as Hugging Face's files have them, in any of their versions, or as a training saved them, behind the scope.
Two nodes are one model, in a training and behind it, where their *scope* is the same; one that is empty means
the node's own id, which no other node shares.

Upload the folder (or its files, or a .zip), or name one that the operator allows with \`PATCHBAY_FOLDERS\` and read its
config.json. A model that is not known is told, with those that are: export it as ONNX, and take *ONNX model*.

${hubDocs} Its config.json gives the node its ports here, too.`,
  version: 1,
  expensive: true,
  inputs: { weights: port.weights({ optional: true, doc: "Without one, the weights are the folder's." }) },
  outputs: {},
  params: {
    scope: scopeParam("model"),
    source: z.enum(["upload", "folder", "hub"]).default("upload").meta({ label: "From" }),
    file: upload.optional().meta({ label: "config.json and weights", widget: "upload", when: uploadedOnly }),
    ...folderOrHubParams,
    config: z.string().max(mostLetters).default("").meta({
      label: "config.json",
      widget: "config",
      description: "The folder's, which gives the node its ports.",
      when: notUploaded,
    }),
    className: z.string().max(80).default("").meta({
      label: "Class",
      description: "Of transformers, where it is not the one that config.json names, such as CLIPVisionModel.",
      advanced: true,
    }),
    layer: z.int().min(-1024).max(1024).default(-1).meta({
      description: "Whose state hidden_state and patches are: 0 enters the first layer, −1 leaves the last one.",
    }),
    fresh: z.boolean().default(false).meta({
      label: "Draw what is missing",
      description: "Parameters that the weights lack, such as a new head, start afresh.",
      advanced: true,
    }),
  },
  ports(params) {
    const opened = openedFor(params);
    if (!opened || opened instanceof Error) return {};
    const { inputs, outputs } = portsOf(opened);
    const isDecoder = "input_ids" in inputs && "logits" in outputs && opened.prompts;
    const isAlone = params.source === "upload" && !params.file?.files?.length;
    return {
      inputs,
      outputs,
      ...(isDecoder ? { decodes: { tokens: "input_ids", mask: "attention_mask" } } : {}),
      ...(isAlone ? { notice: "Uploaded without weights: unless some are wired, its parameters start afresh." } : {}),
    };
  },
  names(params) {
    const opened = openedFor(params);
    return opened && !(opened instanceof Error) ? opened.model.names : undefined;
  },
  inspect: { file: { ending: "/config.json", read: inspectFolder } },
  check(params) {
    const param = params.source === "upload" ? "file" : "config";
    const opened = openedFor(params);
    if (opened instanceof ConfigError) return { param, message: opened.message, hint: opened.hint };
    if (opened instanceof Error) return { param, message: opened.message };
    if (opened) return undefined;
    if (params.source === "upload")
      return { param, message: "No model is chosen.", hint: "Upload the folder of a model, or name one." };
    if (params.source === "hub" && !params.model.trim())
      return { param: "model", message: "No model is named.", hint: "Enter its id, such as owner/name." };
    if (params.source === "folder" && !params.folder.trim())
      return { param: "folder", message: "No folder is given.", hint: "Name a folder of the machine that runs it." };
    return { param, message: "The folder's config.json was not read.", hint: "Read it: it gives the node its ports." };
  },
  // The files of a folder may change under its name: they, not it, are what results depend on.
  async fingerprint({ host, params }) {
    if (params.source === "upload") return "";
    return (await host.openCheckpoint(await folderOf(host, params))).files.join();
  },
  async prepare({ host, params }): Promise<Prepared> {
    if (params.source === "upload")
      return params.file?.files?.length ? { checkpoint: await uploadedCheckpoint(host, params.file) } : {};
    const folder = await folderOf(host, params);
    const text = new TextDecoder().decode(await host.readFolderFile(folder, "config.json"));
    if (text !== params.config)
      throw Object.assign(
        new Error(`config.json of ${params.model || params.folder} is not the one that the node was made from.`),
        {
          hint: "Read it again: the ports may be others.",
        },
      );
    return { checkpoint: await host.openCheckpoint(folder) };
  },
  build(node) {
    const opened = openedFor(node.params);
    if (!opened || opened instanceof Error) throw opened ?? new Error("no model is chosen");
    const weights: Value[] = [];
    const builder: Builder = {
      ...storedIn(node, opened.model, node.prepared?.checkpoint, node.params.fresh),
      attended: (each) => void weights.push(each),
    };
    const inputs = new Inputs(node.inputs as Record<string, Value | undefined>);
    const outputs = opened.model.forward(builder, inputs, { return_loss: true });
    const { picture } = opened.model;
    const made: Record<string, Value> = {};
    for (const [name, path] of attentionsFirst(opened.paths)) {
      if (node.asked && !node.asked.has(name)) continue;
      const value = built(name, () => valueAt({ builder, outputs, picture, inputs, weights }, path), node.asked);
      if (value) made[name] = value;
    }
    return made;
  },
});

/** A configuration that was read, with the names of its ports. */
interface Opened {
  model: OpenedConfig;
  signature: ModelSignature;
  /** The outputs by their ports' names. */
  paths: ReadonlyMap<string, OutputPath>;
  /** Whether text can be generated with it. */
  prompts: boolean;
}

/** An output of the model, or the state of a layer, or what it looked at. */
type OutputPath = { output: string } | { states: string; layer: number; part: "state" | "patches" | "attentions" };

/** What a layer looks at is known while it is built, and so before anything else is. */
function attentionsFirst(paths: Opened["paths"]): [name: string, path: OutputPath][] {
  const isFirst = (path: OutputPath) => "states" in path && path.part === "attentions";
  return [...paths].sort(([, one], [, other]) => Number(isFirst(other)) - Number(isFirst(one)));
}

const known = new Map<string, Opened | Error>();
/** Configurations that were read last are kept: ports are asked for at every edit. */
const mostKnown = 32;

/** What the parameters mean; an error where config.json cannot be used, nothing where there is none. */
function openedFor({ source, file, config, className, layer }: Choice): Opened | Error | undefined {
  const text = source === "upload" ? file?.config : config;
  if (!text) return undefined;
  const key = JSON.stringify([text, className, layer]);
  const found = known.get(key) ?? opened(text, className, layer);
  known.delete(key);
  known.set(key, found);
  if (known.size > mostKnown) known.delete(known.keys().next().value as string);
  return found;
}

function opened(text: string, className: string, layer: number): Opened | Error {
  try {
    const model = openConfig(text, {}, className.trim() || undefined);
    const signature = signatureOf(model);
    const outputs = outputPaths(signature, layer, model.picture);
    const names = portNames(
      [...outputs.keys()].map((name) => ({ name })),
      ["weights"],
    );
    const paths = new Map([...outputs].map(([name, path]) => [names.get(name) as string, path]));
    return {
      model,
      signature,
      paths,
      prompts: /ForCausalLM$|LMHeadModel$|ForConditionalGeneration$/.test(model.className),
    };
  } catch (error) {
    return error as Error;
  }
}

const statePath = /^(.*?)hidden_states\.(\d+)$/;

/** What the model gives, its hidden states as one of a chosen layer. */
function outputPaths(
  { outputs }: ModelSignature,
  layer: number,
  picture: PictureSpec | undefined,
): Map<string, OutputPath> {
  const paths = new Map<string, OutputPath>();
  const counts = new Map<string, number>();
  for (const path of Object.keys(outputs)) {
    const [, states, index] = statePath.exec(path) ?? [];
    if (states === undefined) paths.set(path, { output: path });
    else counts.set(states, Math.max(counts.get(states) ?? 0, Number(index)));
  }
  for (const [states, count] of counts) {
    const index = layer < 0 ? count + 1 + layer : layer;
    if (index < 0 || index > count) throw new Error(`there is no state ${layer} of ${count} layers`);
    paths.set(`${states}hidden_state`, { states, layer: index, part: "state" });
    if (!picture?.patch || picture.states !== states) continue;
    paths.set(`${states}patches`, { states, layer: index, part: "patches" });
    if (index > 0) paths.set(`${states}attentions`, { states, layer: index, part: "attentions" });
  }
  return paths;
}

function portsOf({ signature, paths }: Opened): { inputs: Ports; outputs: Ports } {
  const inputs = Object.entries(signature.inputs).map(([name, { dtype, shape, doc }]) => [
    name,
    port.tensor({ dtype, shape, optional: true, ...(doc ? { doc } : {}), ...misfitOf(shape) }),
  ]);
  const outputs = [...paths].map(([name, path]) => {
    const source = "output" in path ? path.output : `${path.states}hidden_states.${path.layer}`;
    const { dtype, shape } = signature.outputs[source] ?? {};
    const part = "states" in path ? path.part : "state";
    if (part === "attentions")
      return [name, port.tensor({ dtype, shape: [shape?.[0] ?? "B", "*", "*", "*"], optional: true })];
    const isPatches = part === "patches";
    return [name, port.tensor({ dtype, shape: isPatches && shape ? [shape[0] ?? "B", "*", shape[2] ?? "*"] : shape })];
  });
  return { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) };
}

/** What to do about pictures of another size, where a model takes one alone. */
function misfitOf(shape: Shape): { misfit?: string } {
  const [, channels, height, width] = shape;
  if (shape.length !== 4 || channels !== 3 || typeof height !== "number" || typeof width !== "number") return {};
  return { misfit: `Give it ${width} × ${height} pixels: by the side of a tile in AnyRes tiler, or by Resize.` };
}

/** A model on its way into a graph. */
interface Building {
  builder: Builder;
  outputs: Readonly<Record<string, () => Value>>;
  picture: PictureSpec | undefined;
  inputs: Inputs;
  /** What was looked at in what is built by now. */
  weights: readonly Value[];
}

/** The value of an output. */
function valueAt({ builder, outputs, picture, inputs, weights }: Building, path: OutputPath): Value {
  if ("output" in path) return (outputs[path.output] as () => Value)();
  const state = (outputs[`${path.states}hidden_states.${path.layer}`] as () => Value)();
  if (path.part === "attentions") {
    const last = weights.at(-1);
    if (!last || weights.length !== path.layer)
      throw new Error("the weights of its attention are never there as a whole");
    return last;
  }
  if (path.part === "state" || !picture?.patch) return state;
  const [rows, columns] = gridOf(inputs.need("pixel_values").shape.slice(2), picture.patch);
  const before = picture.before ?? 0;
  if (before === 0) return state;
  return builder.op.Slice(state, { starts: [before], ends: [before + rows * columns], axes: [1] });
}

/** Where nothing is wired, what lacks an input is left out. */
function built(name: string, make: () => Value, asked: ReadonlySet<string> | undefined): Value | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof MissingInput)) throw error;
    if (asked && asked.size > 1) return undefined;
    throw new Error(`its output “${name}” needs the input “${error.input}”, which nothing is wired to`);
  }
}

/** A builder whose parameters start as a checkpoint has them. */
function storedIn(
  node: Builder,
  { names }: OpenedConfig,
  checkpoint: Checkpoint | undefined,
  mayBeDrawn: boolean,
): Builder {
  if (!checkpoint) return node;
  const find = nameFinder(checkpoint.tensors.keys(), names);
  const initOf = (name: string, shape: readonly number[], fresh: Parameters<Builder["weight"]>[2]) => {
    const found = find(name);
    const address = found === undefined ? undefined : checkpoint.tensors.get(found);
    if (!address && mayBeDrawn) return fresh;
    if (!address)
      throw new Error(`the folder's weights hold no “${name}”: draw what is missing, or wire other weights`);
    if (address.shape.filter((d) => d !== 1).join() !== shape.filter((d) => d !== 1).join())
      throw new Error(
        `“${name}” is [${shape.join(", ")}] by config.json and [${address.shape.join(", ")}] in its file`,
      );
    return { kind: "stored", address, fresh } as const;
  };
  return {
    ...node,
    weight: (name, shape, init) => node.weight(name, shape, initOf(name, shape, init)),
    buffer: (name, shape, init) => node.buffer(name, shape, initOf(name, shape, init)),
  };
}

/** Keeps the text of config.json, and finds the weights beside it. */
async function inspectFolder(source: Source, beside: Beside): Promise<{ config: string; files: string[] }> {
  if (source.size > mostLetters)
    throw new ConfigError(
      `config.json has ${source.size} bytes, which none has.`,
      `Known are ${classNames().join(", ")}.`,
    );
  const config = new TextDecoder().decode(await source.read(0, source.size));
  await loadFamilies();
  openConfig(config); // says at once what is not known
  return { config, files: await weightFiles(beside) };
}
