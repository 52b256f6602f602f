/**
 * Models whose weights lie in files of their own, read by the runtime from where they lie: no copy in JavaScript, no
 * limit of 2 GiB.
 */
import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, mkdir, open, rm } from "node:fs/promises";
import { dirname, join, parse, relative, resolve, sep } from "node:path";
import type { TensorAddress } from "#models/files/checkpoint";
import type { AtLeast } from "#models/onnx/block-products";
import type { Shape } from "#models/onnx/graph";
import { lowRank } from "#models/onnx/passes/low-rank";
import { pullSlices } from "#models/onnx/passes/pull-slices";
import { type ParameterNumbers, toModel } from "#models/onnx/proto";
import type { Stored } from "#models/onnx/proto-messages";
import { sizeOf } from "#models/onnx/shape";
import type { ParameterSource } from "#nodes/core/parameter-source";
import type { Lowered } from "#nodes/graph/lower";
import type { Blobs } from "../storage/blobs";

/** An ONNX model that names the files which hold its weights. Equal models are equal bytes. */
export interface ModelFiles {
  model: Uint8Array;
  /** The blobs that it names. */
  refs: readonly string[];
  /** Numbers that no file has yet. */
  drawn?: Drawn;
  /** What its weights take in memory once they are loaded. */
  weightBytes: number;
}

/** Drawn numbers, which the model expects one behind the other in a file of which it does not know the name yet. */
interface Drawn {
  numbers: readonly Float32Array<ArrayBuffer>[];
  modelFor(file: string): Uint8Array;
}

/** A model whose parameters are inputs. */
export function fedModel({ graph }: Lowered): ModelFiles {
  return { model: toModel(pullSlices(graph), { parameters: "inputs" }), refs: [], weightBytes: 0 };
}

/** Drawn numbers up to so many bytes are written into the model itself, which ends at 2 GiB. */
const inlineBytes = 2 ** 26;

/**
 * A model whose parameters lie in the checkpoints that they come from. Those that are drawn lie in the model, or in a
 * file of their own. `atLeast`: what it is written for, where that is not a single row.
 */
export function storedModel(
  lowered: Lowered,
  sources: ReadonlyMap<string, ParameterSource>,
  blobs: Blobs,
  atLeast?: AtLeast,
): ModelFiles {
  const all = [...sources.values()];
  // An adapter beside a matrix in blocks, instead of added to it: the matrix then need not become floats.
  const isInBlocks = all.some((source) => "scales" in source);
  const graph = pullSlices(isInBlocks ? lowRank(lowered.graph) : lowered.graph);
  const refs = new Set(all.flatMap(addressesOf).map(({ file }) => file));
  const fresh = all.filter((source) => source instanceof Float32Array);
  const numbers = total(fresh.map(({ byteLength }) => byteLength)) > inlineBytes ? fresh : [];
  const offsets = offsetsOf(numbers);
  const modelFor = (drawnFile: string): Uint8Array => {
    const stored = ({ file, dtype, start, end }: TensorAddress): Stored => ({
      location: locationOf(blobs.path(file)),
      dtype,
      offset: start,
      bytes: end - start,
    });
    const place = (source: ParameterSource): ParameterNumbers => {
      if ("dtype" in source) return stored(source);
      if ("scales" in source) return { ...source, values: stored(source.values), scales: stored(source.scales) };
      const offset = offsets.get(source);
      if (offset === undefined) return source;
      return { location: locationOf(drawnFile), dtype: "F32", offset, bytes: source.byteLength };
    };
    return toModel(graph, {
      parameters: "initializers",
      values: (name) => place(sources.get(name) as ParameterSource),
      atLeast,
    });
  };
  const weightBytes = total(graph.parameters.map(({ name, value }) => loadedBytes(sources.get(name), value.shape)));
  const drawn = numbers.length ? { numbers, modelFor } : undefined;
  return { model: modelFor("drawn"), refs: [...refs], drawn, weightBytes };
}

function addressesOf(source: ParameterSource): TensorAddress[] {
  if (source instanceof Float32Array) return [];
  return "scales" in source ? [source.values, source.scales] : [source];
}

/** What a parameter takes in memory: float32, or its blocks as they are. */
function loadedBytes(source: ParameterSource | undefined, shape: Shape): number {
  if (!source || !("scales" in source)) return sizeOf(shape) * Float32Array.BYTES_PER_ELEMENT;
  return total(addressesOf(source).map(({ start, end }) => end - start));
}

/** Where each of several tensors begins when they lie one behind the other. */
function offsetsOf(list: readonly Float32Array<ArrayBuffer>[]): Map<Float32Array<ArrayBuffer>, number> {
  let offset = 0;
  const offsets = new Map<Float32Array<ArrayBuffer>, number>();
  for (const numbers of list) {
    offsets.set(numbers, offset);
    offset += numbers.byteLength;
  }
  return offsets;
}

function total(amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + amount, 0);
}

/**
 * The folder that models find files from: the root of all, so that weights are read from wherever they lie. The runtime
 * takes no absolute path, and refuses what leads out of this folder.
 */
export const externalRoot = parse(process.cwd()).root;

/** A file's path as a model has it. */
export function locationOf(path: string): string {
  return relative(externalRoot, resolve(path)).split(sep).join("/");
}

/**
 * Equal when and only when the model gives the same. Blobs are named by their content, so theirs is not hashed again.
 */
export function identityOf({ model, drawn }: ModelFiles): string {
  const hash = createHash("sha256").update(model);
  for (const { buffer, byteOffset, byteLength } of drawn?.numbers ?? [])
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest("hex");
}

/**
 * Gives `use` the bytes of a model whose files are all there, drawn numbers too. The runtime maps them into memory as
 * it opens the model, and needs no names afterwards.
 */
export async function withModel<T>(
  blobs: Blobs,
  { model, refs, drawn }: ModelFiles,
  use: (model: Uint8Array) => Promise<T>,
): Promise<T> {
  for (const ref of refs) await blobs.size(ref); // says which one is missing, or was changed
  if (!drawn) return use(model);
  const file = join(blobs.root, "tmp", randomUUID());
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeParts(file, drawn.numbers);
    return await use(drawn.modelFor(file));
  } finally {
    await rm(file, { force: true });
  }
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
