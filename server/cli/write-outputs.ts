import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FileValue, Weights } from "#nodes/core/values";
import { inFileName } from "#nodes/graph/composites";
import type { StoredOutputs } from "../storage/stored-rows";
import type { Blobs } from "../storage/blobs";
import { readAllRows } from "../runtime/rows";
import { isStoredRows, storedTensor } from "../storage/stored-rows";
import { Usage } from "../usage";

/** Values up to this many characters of JSON are shown themselves; others lie in a file. */
const inlineLength = 16 * 1024;

/** By node and port: a value, or where its file lies. */
export type ShownOutputs = Record<string, Record<string, unknown>>;

/** Where results go; asked for before a long run, not after it. */
export async function makeFolder(out: string): Promise<void> {
  await mkdir(out, { recursive: true }).catch((error: Error) => {
    throw new Usage(`--out names “${out}”, which cannot be made a folder: ${error.message}.`);
  });
}

/**
 * Values for the JSON object: themselves when they are small, else a file. With `out`, whatever the blob store holds is
 * written there.
 */
export async function writeOutputs(
  outputs: Record<string, StoredOutputs>,
  out: string | undefined,
  blobs: Blobs,
): Promise<ShownOutputs> {
  const shown: ShownOutputs = {};
  const usedNames = new Set<string>();
  for (const [node, ports] of Object.entries(outputs)) {
    const ofNode: Record<string, unknown> = {};
    shown[node] = ofNode;
    for (const [port, { type, value }] of Object.entries(ports)) {
      const stored = out ? storedFile(type, value) : undefined;
      if (out && stored) ofNode[port] = await writeStored({ node, port, type, ...stored }, out, { blobs, usedNames });
      else ofNode[port] = await inlineOrFile({ node, port, type, value }, out, blobs);
    }
  }
  return shown;
}

interface StoredFile {
  /** Its bytes lie in these blobs, one behind the other. */
  refs: string[];
  /** What is shown of it. */
  shown: { name?: string };
  /** Other files that it needs beside it under their names. */
  beside?: { ref: string; name: string }[];
}

/** Writes a stored value, with what belongs beside it; gives what is shown of it, and where it lies. */
async function writeStored(
  file: StoredFile & { node: string; port: string; type: string },
  out: string,
  { blobs, usedNames }: { blobs: Blobs; usedNames: Set<string> },
): Promise<unknown> {
  const { refs, shown, beside = [] } = file;
  // A name that is taken already is one that another file calls for: those that belong together get a folder.
  const isTaken = beside.some(({ name }) => usedNames.has(name));
  const folder = isTaken ? join(out, inFileName(`${file.node}.${file.port}`)) : out;
  await mkdir(folder, { recursive: true });
  const name = isTaken ? (shown.name ?? "") : freeName({ ...file, name: shown.name }, usedNames);
  for (const one of [{ refs, name }, ...beside.map((other) => ({ refs: [other.ref], name: other.name }))]) {
    usedNames.add(one.name);
    const path = join(folder, innerPath(one.name));
    await mkdir(dirname(path), { recursive: true });
    await pipeline(Readable.from(bytesOf(one.refs, blobs)), createWriteStream(path));
  }
  return { ...shown, artifact: resolve(folder, name) };
}

/** A file's name, which may lie in folders of its own, such as `onnx/model.onnx`, but never leads out of its folder. */
function innerPath(name: string): string {
  return join(...name.split(/[\\/]/).filter((part) => part !== "" && part !== "." && part !== ".."));
}

/** A value whose bytes lie in the blob store, in one piece or in chunks of rows. */
function storedFile(type: string, value: unknown): StoredFile | undefined {
  if (type === "tensor" && isStoredRows(value)) {
    const { refs, ...tensor } = storedTensor(value);
    return { refs, shown: tensor as object };
  }
  const stored = value as (Partial<FileValue> & Pick<Weights, "shards">) | null;
  if (!stored?.ref || stored.shards) return undefined; // shards lie where they are, and are saved by a node
  return { refs: [stored.ref], shown: stored, beside: stored.beside };
}

async function* bytesOf(refs: readonly string[], blobs: Blobs): AsyncGenerator<Uint8Array> {
  for (const ref of refs) yield* blobs.stream(ref);
}

/** The name that a stored file is written under: its own, unless another file has that. */
function freeName(file: { node: string; port: string; type: string; name?: string }, usedNames: Set<string>): string {
  const given = basename(file.name ?? "");
  const ending = given || (file.type === "weights" ? "safetensors" : "bin");
  const fallback = `${inFileName(file.node)}.${file.port}.${ending}`;
  const name = given && !usedNames.has(given) ? given : fallback;
  usedNames.add(name);
  return name;
}

async function inlineOrFile(
  output: { node: string; port: string; type: string; value: unknown },
  out: string | undefined,
  blobs: Blobs,
): Promise<unknown> {
  const { node, port, type } = output;
  const isList = isStoredRows(output.value) && (type === "text" || type === "image");
  const value = isList ? await readAllRows(type, output.value, blobs) : output.value;
  const text = JSON.stringify(value);
  if (text.length <= inlineLength) return value;
  if (!out) return { type, artifact: blobs.path(await blobs.put(new TextEncoder().encode(text))) };
  const file = join(out, inFileName(`${node}.${port}.json`));
  await writeFile(file, text);
  return { type, artifact: resolve(file) };
}
