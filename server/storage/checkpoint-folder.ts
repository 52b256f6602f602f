/** Checkpoints in folders: one .safetensors file, or several with their index. Headers alone are read. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Checkpoint, openCheckpointIn } from "#models/files/checkpoint";
import type { Blobs } from "./blobs";
import { type FileSource, openSource } from "./file-source";

/**
 * Where each tensor of a folder's checkpoint lies, in files named from the folder. `entry` names the file or the index
 * where the folder holds several. Throws `SafetensorsError`, with the file, for what cannot be read.
 */
export async function openCheckpointFolder(folder: string, entry?: string): Promise<Checkpoint> {
  const opened: FileSource[] = [];
  const open = async (name: string) => {
    const source = await openSource(join(folder, name));
    if (source) opened.push(source);
    return source;
  };
  try {
    return await openCheckpointIn(await readdir(folder), open, entry);
  } finally {
    await Promise.all(opened.map((source) => source.close()));
  }
}

interface Places {
  /** Finds the real path of what lies in a folder, if it may be read. */
  folders: { locate(folder: string, path: string): Promise<string> };
  blobs: Blobs;
}

/** The same in a folder that may be read, its files linked into the blob store and called by their references. */
export async function openFolderCheckpoint(
  folder: string,
  entry: string | undefined,
  { folders, blobs }: Places,
): Promise<Checkpoint> {
  const refs = new Map<string, string>();
  const open = async (name: string) => {
    const ref = await blobs.link(await folders.locate(folder, name));
    refs.set(name, ref);
    return { size: await blobs.size(ref), read: (start: number, end: number) => blobs.read(ref, start, end) };
  };
  const names = await readdir(await folders.locate(folder, ""));
  const { files, tensors, metadata } = await openCheckpointIn(names, open, entry);
  const refOf = (name: string) => refs.get(name) as string;
  const placed = [...tensors].map(([name, address]) => [name, { ...address, file: refOf(address.file) }] as const);
  return { files: files.map(refOf), tensors: new Map(placed), metadata };
}
