/**
 * A checkpoint in one or several .safetensors files: which files of a folder it is, and where each of its tensors lies.
 * Headers are read, numbers never.
 */
import { jsonFlaws } from "./json-text";
import { type ByteSource, openSafetensors, SafetensorsError, type TensorRange } from "./safetensors";
import { cutText } from "./text";

/** Where a tensor lies: its element type and shape, and the bytes `start` up to `end` of a file. */
export interface TensorAddress extends TensorRange {
  /** As the file was called when it was opened. */
  file: string;
}

export interface Checkpoint {
  /** The files that hold its tensors. */
  files: readonly string[];
  tensors: ReadonlyMap<string, TensorAddress>;
  metadata: Readonly<Record<string, string>>;
}

/** Opens a file by its name; nothing where there is none. */
export type OpenFile = (file: string) => Promise<ByteSource | undefined>;

const indexEnding = ".safetensors.index.json";

/**
 * The checkpoint among the files of a folder, as Hugging Face lays them out: `model.safetensors`, or
 * `model.safetensors.index.json` with the shards that it names, or whatever alone can be meant. `entry` names a file or
 * an index instead.
 */
export async function openCheckpointIn(names: readonly string[], open: OpenFile, entry?: string): Promise<Checkpoint> {
  const first = entry ?? entryOf(names);
  if (Array.isArray(first)) return openCheckpoint(first, open);
  if (!first.endsWith(indexEnding)) return openCheckpoint([first], open, true);
  return openIndexed(first, open);
}

/**
 * Which files beside a chosen one belong to its checkpoint: the shards that it names where it is an index, none where
 * it holds everything itself. All of their headers are checked.
 */
export async function inspectCheckpoint(chosen: ByteSource, beside: OpenFile): Promise<{ files: string[] }> {
  const [mark, , , , ...upper] = await chosen.read(0, 8);
  const isIndex = mark === 0x7b && upper.some((byte) => byte !== 0); // "{", and no length of a header
  if (!isIndex) {
    await openSafetensors(chosen);
    return { files: [] };
  }
  const index = `model${indexEnding}`;
  const { files } = await openIndexed(index, async (file) => (file === index ? chosen : beside(file)));
  return { files: [...files] };
}

/**
 * The checkpoint that files hold together. No two of them may hold a tensor of one name. `isNamed`: whether a file that
 * cannot be read is called by its name.
 */
export async function openCheckpoint(
  files: readonly string[],
  open: OpenFile,
  isNamed = files.length > 1,
): Promise<Checkpoint> {
  const tensors = new Map<string, TensorAddress>();
  let metadata: Record<string, string> = {};
  for (const file of files) {
    const header = await openShard(file, open, isNamed);
    metadata = { ...header.metadata, ...metadata };
    for (const [name, range] of header.tensors) {
      const other = tensors.get(name)?.file;
      if (other !== undefined) fail(`both ${quoted(other)} and ${quoted(file)} hold a tensor ${quoted(name)}`, oneOf);
      tensors.set(name, { ...range, file });
    }
  }
  return { files, tensors, metadata };
}

const oneOf = "Choose the files of one checkpoint, with their index if there is one.";

/** The shards that an index names, each tensor where it says. */
async function openIndexed(index: string, open: OpenFile): Promise<Checkpoint> {
  const source = await sourceOf(index, open);
  if (source.size > maxIndexBytes) fail(`${quoted(index)} has ${source.size} bytes, and an index at most 100 MB`);
  const fileOf = readShardIndex(await source.read(0, source.size), index);
  const files = [...new Set(fileOf.values())];
  const checkpoint = await openCheckpoint(files, open);
  for (const [name, file] of fileOf) {
    if (checkpoint.tensors.get(name)?.file !== file)
      fail(`${quoted(index)} says that ${quoted(name)} lies in ${quoted(file)}, which it does not`);
  }
  return checkpoint;
}

const maxIndexBytes = 100_000_000;

/** The file of each tensor, by an index (`weight_map`). A file is a name in the index's own folder. */
export function readShardIndex(bytes: Uint8Array, index: string): Map<string, string> {
  const map = (parsed(bytes, index) as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== "object" || map === null || Array.isArray(map))
    return fail(`${quoted(index)} has no “weight_map”, so it is no index of a checkpoint`);
  const entries = Object.entries(map);
  for (const [name, file] of entries) {
    if (typeof file !== "string" || !isShardName(file))
      fail(
        `“weight_map” of ${quoted(index)} lays ${quoted(name)} into ${quoted(String(file))}, ` +
          "which is no .safetensors file of its folder",
        "Only files beside the index are read. Download the checkpoint again, from where you trust it.",
      );
  }
  return new Map(entries);
}

/** A name that means nothing more to any file system. */
const isShardName = (file: string): boolean => /^[\w][\w.+ -]{0,200}\.safetensors$/.test(file);

function parsed(bytes: Uint8Array, index: string): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!jsonFlaws(text, 8).length) return JSON.parse(text);
  } catch {
    // Said below.
  }
  return fail(`${quoted(index)} is no JSON, names a tensor twice, or is nested too deeply`);
}

/** Which file, index or files of a folder are its checkpoint. */
function entryOf(names: readonly string[]): string | string[] {
  const sorted = names.toSorted();
  const preferred = ["model.safetensors", `model${indexEnding}`].find((name) => sorted.includes(name));
  if (preferred !== undefined) return preferred;
  const indices = sorted.filter((name) => name.endsWith(indexEnding));
  const files = sorted.filter((name) => name.endsWith(".safetensors"));
  const [index] = indices;
  if (index !== undefined && indices.length === 1) return index;
  const stems = new Set(files.map((name) => name.replace(/-\d+-of-\d+(?=\.safetensors$)/, "")));
  if (!indices.length && stems.size === 1) return files;
  if (!files.length) return fail("the folder holds no .safetensors file", "Save or download the weights as those.");
  const listed = [...indices, ...stems].slice(0, 5).join(", ");
  return fail(`the folder holds several: ${listed}`, "Name the file, or the index, that is meant.");
}

async function openShard(file: string, open: OpenFile, isOneOfMany: boolean) {
  const source = await sourceOf(file, open);
  try {
    return await openSafetensors(source);
  } catch (error) {
    if (isOneOfMany && error instanceof SafetensorsError) throw error.of(quoted(file));
    throw error;
  }
}

async function sourceOf(file: string, open: OpenFile): Promise<ByteSource> {
  const source = await open(file);
  return source ?? fail(`the file ${quoted(file)} is missing`, "Put all of its files into one folder.");
}

const quoted = (name: string): string => `“${cutText(name, 81, "…")}”`;

function fail(what: string, hint?: string): never {
  throw new SafetensorsError(`The checkpoint cannot be read: ${what}.`, hint);
}
