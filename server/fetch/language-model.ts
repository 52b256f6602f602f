/** A GGUF file out of an archive as the folder that transformers would have saved. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderOfGguf } from "../runtime/hugging-face/gguf-folder";
import { fileIn } from "./archive";

/** A file of a folder that is made: its content, or the file that becomes it. */
export interface FolderFile {
  path: string;
  content: Uint8Array | { movedFrom: string };
}

export async function* modelFiles(archive: Uint8Array, name: string): AsyncGenerator<FolderFile> {
  const place = await mkdtemp(join(tmpdir(), "patchbay-fetch-"));
  let folder: string | undefined;
  try {
    const gguf = join(place, "model.gguf");
    await writeFile(gguf, fileIn(archive, name));
    folder = await folderOfGguf(gguf, () => {});
    for (const path of await readdir(folder)) yield { path, content: { movedFrom: join(folder, path) } };
  } finally {
    await rm(place, { recursive: true, force: true });
    if (folder) await rm(folder, { recursive: true, force: true });
  }
}
