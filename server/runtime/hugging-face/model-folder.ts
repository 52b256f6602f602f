/** A folder as transformers saves models: config.json, weights, and perhaps an adapter on another folder's weights. */
import { readFile, stat } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import type { Options } from "#models/architectures/core/architecture";
import { type AdapterConfig, openAdapterConfig, untiesTable } from "#models/architectures/core/adapters";
import { ConfigError } from "#models/architectures/core/json";
import { openConfig, type OpenedConfig } from "#models/architectures/core/open";
import type { Checkpoint } from "#models/files/checkpoint";
import { SafetensorsError } from "#models/files/safetensors";
import { Failure } from "../../errors";
import { openCheckpointFolder } from "../../storage/checkpoint-folder";

export interface ModelFolder {
  /** The files that say what the model is. */
  folder: string;
  /** Tensors, in files named by their whole paths. */
  checkpoint: Checkpoint;
  adapter?: { config: AdapterConfig; checkpoint: Checkpoint };
  /** The configuration, as a call's options change it. */
  configFor(options?: Options): OpenedConfig;
  /** A JSON file of the folder, such as generation_config.json; nothing where there is none. */
  json(name: string): Promise<string | undefined>;
}

export interface FolderOptions {
  /** Another folder that holds the weights. */
  weights?: string;
  /** Another class than config.json names. */
  className?: string;
}

/** Opens a folder: of its weights the headers alone. Throws a `Failure` that names the file and the field. */
export async function openModelFolder(folder: string, options: FolderOptions = {}): Promise<ModelFolder> {
  try {
    const adapter = await textOf(folder, "adapter_config.json");
    return adapter === undefined
      ? await openPlain(folder, options)
      : await openAdapted(folder, openAdapterConfig(adapter), options);
  } catch (error) {
    if (error instanceof ConfigError || error instanceof SafetensorsError)
      throw new Failure({ message: `${folder}: ${error.message}`, hint: error.hint }, { cause: error });
    throw error;
  }
}

async function openPlain(folder: string, { weights = folder, className }: FolderOptions): Promise<ModelFolder> {
  const config = await textOf(folder, "config.json");
  if (config === undefined)
    throw new Failure({
      message: `The folder ${folder} holds no config.json.`,
      hint: "Choose the folder of a model that transformers saved, with config.json and model.safetensors in it.",
    });
  const configFor = (options?: Options) => explained(folder, () => openConfig(config, options, className));
  configFor(); // says at once what cannot be built
  return { folder, checkpoint: await checkpointOf(weights), configFor, json: (name) => textOf(folder, name) };
}

/** An adapter's folder names its base, from itself or from where the process runs. */
async function openAdapted(folder: string, config: AdapterConfig, options: FolderOptions): Promise<ModelFolder> {
  const base = options.weights ?? config.base_model_name_or_path ?? undefined;
  const candidates = base === undefined ? [] : [resolve(folder, base), resolve(base)];
  const found = (await Promise.all(candidates.map(async (path) => ((await isFolder(path)) ? path : undefined)))).find(
    (path) => path !== undefined,
  );
  if (found === undefined)
    throw new Failure({
      message: `The adapter in ${folder} belongs to the model “${base ?? ""}”, which is no folder here.`,
      hint: "Name the folder of its base model with --weights.",
    });
  const opened = await openPlain(found, { className: options.className });
  const checkpoint = await checkpointOf(folder, "adapter_model.safetensors");
  const untied = untiesTable(config, checkpoint, opened.configFor().names) ? { tie_word_embeddings: false } : {};
  const configFor = (call?: Options) => opened.configFor({ ...call, ...untied });
  return { ...opened, configFor, adapter: { config, checkpoint } };
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

/** Tensors under the whole paths of their files. */
async function checkpointOf(folder: string, entry?: string): Promise<Checkpoint> {
  const { files, tensors, metadata } = await openCheckpointFolder(folder, entry);
  const pathOf = (file: string) => (isAbsolute(file) ? file : resolve(folder, file));
  const placed = [...tensors].map(([name, address]) => [name, { ...address, file: pathOf(address.file) }] as const);
  return { files: files.map(pathOf), tensors: new Map(placed), metadata };
}

const mostBytes = 16 * 2 ** 20;

async function textOf(folder: string, name: string): Promise<string | undefined> {
  const path = join(folder, name);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  if (found.size > mostBytes)
    throw new Failure({
      message: `${path} has ${found.size} bytes, which no such file needs.`,
      hint: "Download the file again.",
    });
  return readFile(path, "utf8");
}

function explained<T>(folder: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError)
      throw new Failure({ message: `${folder}: ${error.message}`, hint: error.hint }, { cause: error });
    throw error;
  }
}
