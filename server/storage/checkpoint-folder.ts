import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Checkpoint, openCheckpointIn } from "#models/files/checkpoint";
import { type FileSource, openSource } from "./file-source";

/**
 * The checkpoint in a folder of this machine: one .safetensors file, or several with their index. Gives where each
 * tensor lies, in files named from the folder; reads headers alone. `entry` names the file or the index where the
 * folder holds several. Throws `SafetensorsError`, with the file, for what cannot be read.
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
