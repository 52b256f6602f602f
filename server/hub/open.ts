/**
 * Models of the Hugging Face hub as folders: from the cache that Hugging Face's tools share, in their layout, or
 * fetched into it. What lies there is used as it is.
 */
import { copyFile, mkdir, readFile, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HubApiError, listFiles, type ListFileEntry, modelInfo } from "@huggingface/hub";
import { tokenizerFileNames } from "#models/files/tokenizers/from-files";
import type { Host, HubFolder } from "#nodes/core/host";
import { Cancelled, Failure } from "../errors";
import { downloadTo, type RemoteFile } from "./download";
import type { HubSettings } from "./settings";

/** What of a model is needed: the fewest files that do. */
export type HubPart = Parameters<Host["hubFolder"]>[2] | "config";
export interface HubOptions {
  settings: HubSettings;
  signal: AbortSignal;
  onProgress(done: number, of: number, note?: string): void;
  onWarn(message: string): void;
}

/** Opens a model at a revision: a branch, a tag or a commit. */
export async function openHubFolder(
  id: string,
  revision: string,
  part: HubPart,
  options: HubOptions,
): Promise<HubFolder> {
  checkNames(id, revision);
  const { settings } = options;
  const store = join(settings.cache, `models--${id.replace("/", "--")}`);
  const commit = await commitOf(id, revision, store, options);
  const folder = join(store, "snapshots", commit);
  if (await parts[part].isThere(folder)) return { folder, commit };
  if (!settings.allowRemote) throw notThere(id, revision);
  try {
    await fetchFiles({ id, commit, store, folder, part }, options);
  } catch (cause) {
    throw explained(cause, id, revision, options.signal);
  }
  return { folder, commit };
}

function checkNames(id: string, revision: string): void {
  const fail = (param: string, message: string, hint: string) => {
    throw new Failure({ param, message, hint });
  };
  const isPlain = (text: string) => !text.includes("..") && !text.includes("--");
  if (!/^[A-Za-z0-9][\w.-]{0,95}(\/[A-Za-z0-9][\w.-]{0,95})?$/.test(id) || !isPlain(id))
    fail("model", `“${id.slice(0, 100)}” is no id of a model.`, "An id is written owner/name, as on the hub.");
  if (!/^[A-Za-z0-9][\w./-]{0,199}$/.test(revision) || revision.includes(".."))
    fail("revision", `“${revision.slice(0, 100)}” is no revision.`, "Name a branch, such as main, a tag or a commit.");
}

/** The commit that a revision means now, or meant when it was last asked for. */
async function commitOf(id: string, revision: string, store: string, options: HubOptions): Promise<string> {
  if (/^[0-9a-f]{40}$/.test(revision)) return revision;
  const path = join(store, "refs", revision);
  const cached = (await readFile(path, "utf8").catch(() => "")).trim();
  const known = /^[0-9a-f]{40}$/.test(cached) ? cached : undefined;
  const { settings, signal, onWarn } = options;
  if (!settings.allowRemote) {
    if (known) return known;
    throw notThere(id, revision);
  }
  try {
    const { sha } = await modelInfo({ name: id, revision, additionalFields: ["sha"], ...accessTo(options) });
    if (!/^[0-9a-f]{40}$/.test(String(sha))) throw new Error("the hub names no commit");
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, sha);
    return sha;
  } catch (cause) {
    if (!known || cause instanceof HubApiError || signal.aborted) throw explained(cause, id, revision, signal);
    onWarn(`The hub does not answer. “${id}” is taken as it was when it was last asked for, at ${known.slice(0, 7)}.`);
    return known;
  }
}

/** The token goes with every request as it is: the library would refuse those of mirrors. */
const accessTo = ({ settings: { endpoint, token }, signal }: HubOptions) => ({
  hubUrl: endpoint,
  fetch: ((input, init) => {
    const headers = {
      ...(init?.headers as Record<string, string>),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    };
    return fetch(input, { ...init, headers, signal });
  }) as typeof fetch,
});

interface Wanted {
  id: string;
  commit: string;
  store: string;
  folder: string;
  part: HubPart;
}

async function fetchFiles({ id, commit, store, folder, part }: Wanted, options: HubOptions): Promise<void> {
  const entries: ListFileEntry[] = [];
  for await (const entry of listFiles({ repo: id, revision: commit, ...accessTo(options) })) {
    if (entry.type === "file" && parts[part].wants(entry.path)) entries.push(entry);
  }
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const entry of entries) {
    const { path, size } = entry;
    const file = remoteFile(id, commit, entry, options.settings);
    const blob = join(store, "blobs", file.hash.value);
    const onBytes = (bytes: number) => options.onProgress(done + bytes, total, `${path} from the hub`);
    if (!(await exists(blob))) await downloadTo(blob, file, { ...options, token: options.settings.token, onBytes });
    await linked(blob, join(folder, path));
    done += size;
  }
}

function remoteFile(id: string, commit: string, entry: ListFileEntry, { endpoint }: HubSettings): RemoteFile {
  const { path, size, lfs, oid } = entry;
  const value = lfs?.oid ?? oid ?? "";
  // they become the names of files
  if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(value)) throw new Error(`the hub names no hash of ${path}`);
  const url = `${endpoint}/${id}/resolve/${commit}/${encodeURIComponent(path)}`;
  return { path, url, size: lfs?.size ?? size, hash: { algorithm: lfs ? "sha256" : "sha1", value } };
}

/** Names a blob as the file that it is; where links cannot be made, by a copy. */
async function linked(blob: string, path: string): Promise<void> {
  if (await exists(path)) return;
  await mkdir(dirname(path), { recursive: true });
  await symlink(join("..", "..", "blobs", blob.slice(dirname(blob).length + 1)), path).catch((error) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") return copyFile(blob, path);
  });
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

interface Part {
  wants(path: string): boolean;
  /** Whether a folder has what it takes: what is missing beside that may be missing on the hub. */
  isThere(folder: string): Promise<boolean>;
}

const tokenizerFiles = new RegExp(`^(${tokenizerFileNames.join("|").replaceAll(".", "\\.")})$`);
const processorFiles = /^(preprocessor_config|processor_config|video_preprocessor_config)\.json$/;
const configFiles = /^(config|generation_config|adapter_config)\.json$/;
const weightFiles = /^(adapter_)?model(-\d+-of-\d+)?\.safetensors$|^model\.safetensors\.index\.json$/;

const parts: Record<HubPart, Part> = {
  config: {
    wants: (path) => configFiles.test(path),
    isThere: async (folder) => (await namesIn(folder)).has("config.json"),
  },
  tokenizer: {
    wants: (path) => tokenizerFiles.test(path),
    async isThere(folder) {
      const has = await namesIn(folder);
      return has.has("tokenizer.json") || has.has("vocab.txt") || (has.has("vocab.json") && has.has("merges.txt"));
    },
  },
  processor: {
    wants: (path) => processorFiles.test(path),
    isThere: async (folder) => (await namesIn(folder)).has("preprocessor_config.json"),
  },
  model: {
    wants: (path) => [tokenizerFiles, processorFiles, configFiles, weightFiles].some((files) => files.test(path)),
    async isThere(folder) {
      const has = await namesIn(folder);
      if (!has.has("config.json") && !has.has("adapter_config.json")) return false;
      if (has.has("model.safetensors") || has.has("adapter_model.safetensors")) return true;
      const shards = await shardsIn(folder);
      return shards.length > 0 && shards.every((shard) => has.has(shard));
    },
  },
};

/** Names of files that are there; a link to nothing is none. */
async function namesIn(folder: string): Promise<Set<string>> {
  const names = await readdir(folder).catch(() => []);
  const there = await Promise.all(names.map(async (name) => ((await exists(join(folder, name))) ? [name] : [])));
  return new Set(there.flat());
}

async function shardsIn(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, "model.safetensors.index.json"), "utf8").catch(() => "{}");
  try {
    return [...new Set(Object.values((JSON.parse(text) as { weight_map?: Record<string, string> }).weight_map ?? {}))];
  } catch {
    return [];
  }
}

const notThere = (id: string, revision: string): Failure =>
  new Failure({
    message: `“${id}” at ${revision} does not lie in the hub's cache, and is not downloaded.`,
    hint: "Start Patchbay with PATCHBAY_ALLOW_REMOTE=1, or fetch it with another of Hugging Face's tools (HF_HOME).",
  });

/** What went wrong on the way to the hub, as a sentence. */
function explained(cause: unknown, id: string, revision: string, signal: AbortSignal): Error {
  if (signal.aborted) return new Cancelled();
  if (cause instanceof Failure || (cause as NodeJS.ErrnoException).code?.startsWith("E")) return cause as Error;
  const fail = (message: string, hint: string) => new Failure({ message, hint }, { cause });
  if (!(cause instanceof HubApiError))
    return fail("The hub does not answer.", "Check the network and HF_ENDPOINT; what lies in the cache still works.");
  if (cause.statusCode === 401 || cause.statusCode === 403)
    return fail(`The hub does not show “${id}”.`, "Check its id. If it is private or gated, set HF_TOKEN.");
  if (cause.statusCode === 404)
    return fail(`The hub has no “${id}” at ${revision}.`, "Check the model's id and revision.");
  return fail(`The hub answers ${cause.statusCode} for “${id}”.`, "Try again later.");
}
