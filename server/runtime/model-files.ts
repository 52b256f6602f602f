/** Models whose weights lie in files of their own, read by the runtime from where they lie: no copy in JavaScript, no limit of 2 GiB. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
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
  /** What its weights take in memory once they are loaded. */
  weightBytes: number;
}

/** A model whose parameters are inputs. */
export function fedModel({ graph }: Lowered): ModelFiles {
  return { model: toModel(graph, { parameters: "inputs" }), refs: [], weightBytes: 0 };
}

/** A model whose parameters lie in the checkpoints that they come from; those that are drawn are written into it. */
export function storedModel({ graph }: Lowered, sources: ReadonlyMap<string, ParameterSource>): ModelFiles {
  const refs = [...sources.values()].flatMap((source) => ("ref" in source ? [source.ref] : []));
  const values = (name: string) => placementOf(sources.get(name) as ParameterSource);
  const sizes = graph.parameters.map(({ value }) => sizeOf(value.shape));
  return {
    model: toModel(graph, { parameters: "initializers", values }),
    refs: [...new Set(refs)],
    weightBytes: sizes.reduce((sum, size) => sum + size * Float32Array.BYTES_PER_ELEMENT, 0),
  };
}

/** A checkpoint's numbers stay in its blob, which lies beside the model under its reference. */
function placementOf(source: ParameterSource): Float32Array<ArrayBuffer> | Stored {
  if (source instanceof Float32Array) return source;
  const { ref, dtype, start, end } = source;
  return { location: ref, dtype, offset: start, bytes: end - start };
}

/**
 * Lays a model and the blobs that it names into a folder, gives `open` the model's path, and removes the folder again.
 * The runtime refuses files that a link leads out of the model's folder to, so they are hard links: the same bytes
 * under another name. It maps them into memory as it opens the model, and needs no names afterwards.
 */
export async function withModelFolder<T>(
  blobs: Blobs,
  { model, refs }: Pick<ModelFiles, "model" | "refs">,
  open: (path: string) => Promise<T>,
): Promise<T> {
  const folder = join(blobs.root, "tmp", randomUUID());
  await mkdir(folder, { recursive: true });
  try {
    const path = join(folder, "model.onnx");
    await writeFile(path, model);
    for (const ref of refs) await linkOrCopy(blobs.path(ref), join(folder, ref));
    return await open(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Some file systems have no hard links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_FICLONE));
}
