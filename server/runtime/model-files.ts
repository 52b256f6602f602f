/**
 * Models whose weights lie in files of their own, read by the runtime from where they lie: no copy in JavaScript, no
 * limit of 2 GiB.
 */
import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, mkdir, open, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Stored, toModel } from "#models/onnx/proto";
import { sizeOf } from "#models/onnx/shape";
import type { Lowered } from "#nodes/graph/lower";
import type { Blobs } from "../storage/blobs";
import type { ParameterSource } from "./parameters";

/** An ONNX model that names the blobs which hold its weights, by reference. Equal models are equal bytes. */
export interface ModelFiles {
  model: Uint8Array;
  /** The blobs that it names. */
  refs: readonly string[];
  /** Numbers that no file has yet: one behind the other in the file `drawn`. */
  drawn: readonly Float32Array<ArrayBuffer>[];
  /** What its weights take in memory once they are loaded. */
  weightBytes: number;
}

/** A model whose parameters are inputs. */
export function fedModel({ graph }: Lowered): ModelFiles {
  return { model: toModel(graph, { parameters: "inputs" }), refs: [], drawn: [], weightBytes: 0 };
}

/** Drawn numbers up to so many bytes are written into the model itself, which ends at 2 GiB. */
const inlineBytes = 2 ** 26;
const drawnFile = "drawn";

/**
 * A model whose parameters lie in the checkpoints that they come from. Those that are drawn lie in the model, or in a
 * file of their own.
 */
export function storedModel({ graph }: Lowered, sources: ReadonlyMap<string, ParameterSource>): ModelFiles {
  const refs = new Set<string>();
  const fresh = [...sources.values()].filter((source) => source instanceof Float32Array);
  const drawn = total(fresh.map((numbers) => numbers.byteLength)) > inlineBytes ? fresh : [];
  const places = new Map<ParameterSource, Stored>();
  let offset = 0;
  for (const numbers of drawn) {
    places.set(numbers, { location: drawnFile, dtype: "F32", offset, bytes: numbers.byteLength });
    offset += numbers.byteLength;
  }
  const placed = (source: ParameterSource) => {
    if (source instanceof Float32Array) return places.get(source) ?? source;
    refs.add(source.ref);
    return { location: source.ref, dtype: source.dtype, offset: source.start, bytes: source.end - source.start };
  };
  const values = (name: string) => placed(sources.get(name) as ParameterSource);
  const model = toModel(graph, { parameters: "initializers", values });
  const weightBytes = total(graph.parameters.map(({ value }) => sizeOf(value.shape) * Float32Array.BYTES_PER_ELEMENT));
  return { model, refs: [...refs], drawn, weightBytes };
}

function total(amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + amount, 0);
}

/**
 * Equal when and only when the model gives the same. Blobs are named by their content, so theirs is not hashed again.
 */
export function identityOf({ model, drawn }: ModelFiles): string {
  const hash = createHash("sha256").update(model);
  for (const { buffer, byteOffset, byteLength } of drawn) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest("hex");
}

/**
 * Lays a model and the blobs that it names into a folder, gives `use` the model's path, and removes the folder again.
 * The runtime maps them into memory as it opens the model, and needs no names afterwards.
 */
export function withModelFolder<T>(
  blobs: Blobs,
  { model, refs, drawn }: Omit<ModelFiles, "weightBytes">,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const links = refs.map((ref) => ({ path: ref, ref }));
  return withLinks(blobs, links, async (folder) => {
    const path = join(folder, "model.onnx");
    await writeFile(path, model);
    if (drawn.length) await writeParts(join(folder, drawnFile), drawn);
    return use(path);
  });
}

/**
 * Lays blobs under other names into a folder, for `use` alone. The runtime refuses files that a link leads out of the
 * model's folder to, so they are hard links: the same bytes under another name.
 */
export async function withLinks<T>(
  blobs: Blobs,
  links: readonly { path: string; ref: string }[],
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(blobs.root, "tmp", randomUUID());
  await mkdir(folder, { recursive: true });
  try {
    for (const { path, ref } of links) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await linkOrCopy(blobs.path(ref), join(folder, path));
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Some file systems have no hard links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_FICLONE));
}

async function writeParts(path: string, parts: readonly Float32Array<ArrayBuffer>[]): Promise<void> {
  const file = await open(path, "wx");
  try {
    for (const { buffer, byteOffset, byteLength } of parts) {
      await file.writeFile(new Uint8Array(buffer, byteOffset, byteLength));
    }
  } finally {
    await file.close();
  }
}
