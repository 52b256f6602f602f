/** The folder of a Hugging Face model, wherever it lies: its configuration, its weights, and what belongs to them. */
import * as z from "zod";
import { type Checkpoint, openCheckpointIn, readShardIndex } from "#models/files/checkpoint";
import { tokenizerFileNames } from "#models/files/tokenizers/from-files";
import type { Beside } from "#models/onnx/import/external";
import type { Source } from "#models/onnx/import/fields";
import type { Host, HubFolder } from "./host";
import { folderOrHubParams } from "./hub";
import { storedFolder } from "./stored-file";

/** An uploaded folder: its config.json, and the files beside it that were kept. */
export const uploadedFolder = storedFolder("config.json");

/** When parameters mean something, by others. */
const uploadedOnly = { source: ["upload"] };

/** How a folder is chosen. */
export const folderParams = {
  source: z.enum(["upload", "folder", "hub"]).default("upload").meta({ label: "From" }),
  file: uploadedFolder.optional().meta({ label: "The model's folder", widget: "upload", when: uploadedOnly }),
  ...folderOrHubParams,
};

export interface FolderChoice {
  source: "upload" | "folder" | "hub";
  file?: z.output<typeof uploadedFolder>;
  folder: string;
  model: string;
  revision: string;
  /** The name of the secret that the hub is asked with. */
  token?: string;
}

/** What makes texts and pictures into a model's inputs, and how it makes texts. */
const companionNames = [
  ...tokenizerFileNames,
  "tokenizer.model",
  "spiece.model",
  "sentencepiece.bpe.model",
  "preprocessor_config.json",
  "processor_config.json",
  "video_preprocessor_config.json",
  "generation_config.json",
];

export interface OpenFolder {
  /** The text of config.json. */
  config: string;
  checkpoint: Checkpoint;
  /** The files of its tokenizer, its processor and its generation. */
  companions: { name: string; read(): Promise<Uint8Array> }[];
}

/** What is wrong with a choice. */
export function checkFolder({ source, file, folder, model }: FolderChoice) {
  const hint = "Upload the folder of a model, name one of the machine that runs it, or a model of the hub.";
  if (source === "upload" && !file) return { param: "file", message: "No model is chosen.", hint };
  if (source === "folder" && !folder.trim()) return { param: "folder", message: "No folder is given.", hint };
  if (source === "hub" && !model.trim()) return { param: "model", message: "No model is named.", hint };
  return undefined;
}

/** What a node's result depends on besides its choice. */
export async function folderFingerprint(host: Host, choice: FolderChoice): Promise<string> {
  if (choice.source === "hub") return (await hubFolderOf(host, choice)).commit;
  return choice.source === "folder" ? host.folderStamp(choice.folder) : "";
}

/** Where a choice lies on this machine, unless it was uploaded. */
export async function folderOf(host: Host, choice: Omit<FolderChoice, "file">): Promise<string> {
  return choice.source === "hub" ? (await hubFolderOf(host, choice)).folder : choice.folder;
}

function hubFolderOf(host: Host, { model, revision, token }: Omit<FolderChoice, "file">): Promise<HubFolder> {
  return host.hubFolder(model.trim(), revision, "model", token);
}

export async function openFolder(host: Host, choice: FolderChoice): Promise<OpenFolder> {
  if (choice.source === "upload") return openUpload(host, choice.file);
  const folder = await folderOf(host, choice);
  const found = await host.folderFiles(folder, companionNames);
  const there = companionNames.filter((_, i) => !(found[i] instanceof Error));
  return {
    config: new TextDecoder().decode(await host.readFolderFile(folder, "config.json")),
    checkpoint: await host.openCheckpoint(folder),
    companions: there.map((name) => ({ name, read: () => host.readFolderFile(folder, name) })),
  };
}

const adapterWeights = "adapter_model.safetensors";

/** An adapter's configuration, and its tensors. */
export async function openAdapterFolder(
  host: Host,
  choice: FolderChoice,
): Promise<Pick<OpenFolder, "config" | "checkpoint">> {
  if (choice.source === "upload") return openUpload(host, choice.file);
  const folder = await folderOf(host, choice);
  return {
    config: new TextDecoder().decode(await host.readFolderFile(folder, "adapter_config.json")),
    checkpoint: await host.openCheckpoint(folder, adapterWeights),
  };
}

/** Which files of an uploaded adapter are kept. */
export async function inspectAdapter(_config: Source, beside: Beside): Promise<{ files: string[] }> {
  return { files: (await beside(adapterWeights)) ? [adapterWeights] : [] };
}

async function openUpload(host: Host, file: FolderChoice["file"]): Promise<OpenFolder> {
  const refs = uploadedFiles(file);
  const companions = companionNames.filter((name) => refs.has(name));
  return {
    config: new TextDecoder().decode(await host.get(file?.ref ?? "")),
    checkpoint: await uploadedCheckpoint(host, file),
    companions: companions.map((name) => ({ name, read: () => host.get(refs.get(name) as string) })),
  };
}

const uploadedFiles = (file: FolderChoice["file"]) => new Map(file?.files?.map(({ path, ref }) => [path, ref]));

/** Where the tensors of an uploaded folder lie. */
export async function uploadedCheckpoint(host: Host, file: FolderChoice["file"]): Promise<Checkpoint> {
  const refs = uploadedFiles(file);
  const weights = [...refs.keys()].filter((name) => name.includes(".safetensors"));
  const refOf = (name: string) => refs.get(name) as string;
  const { files, tensors, metadata } = await openCheckpointIn(weights, async (name) => {
    const ref = refs.get(name);
    if (ref === undefined) return undefined;
    return { size: await host.size(ref), read: (start: number, end: number) => host.read(ref, start, end) };
  });
  const placed = [...tensors].map(([name, address]) => [name, { ...address, file: refOf(address.file) }] as const);
  return { files: files.map(refOf), tensors: new Map(placed), metadata };
}

/** Which files of an uploaded folder are kept. */
export async function inspectFolder(_config: Source, beside: Beside): Promise<{ files: string[] }> {
  const isThere = async (name: string) => ((await beside(name)) ? [name] : []);
  const companions = (await Promise.all(companionNames.map(isThere))).flat();
  return { files: [...(await weightFiles(beside)), ...companions] };
}

/** The weights beside a config.json: one file, or an index and its shards. */
export async function weightFiles(beside: Beside): Promise<string[]> {
  if (await beside("model.safetensors")) return ["model.safetensors"];
  const name = "model.safetensors.index.json";
  const index = await beside(name);
  if (!index) return [];
  const shards = readShardIndex(await index.read(0, index.size), name);
  return [name, ...new Set(shards.values())];
}
