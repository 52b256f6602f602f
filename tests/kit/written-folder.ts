/** A model of the conformance set, written by *Save as Hugging Face folder* into a folder. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FileValue, Weights } from "#nodes/core/values";
import type { Host } from "#nodes/core/host";
import { saveHuggingFace } from "#nodes/weights/save-hugging-face";
import { runNode } from "./run-node";

/** Writes a model into `out`, with other weights where they are given; gives the names of its files. */
export async function writeFolder(
  host: Host,
  folder: string,
  out: string,
  { weights, ...params }: { weights?: Weights } & Record<string, unknown> = {},
): Promise<string[]> {
  const choice = { source: "folder", folder, archive: "files", ...params };
  const { file } = await runNode(saveHuggingFace, { weights }, choice, host);
  return writeFiles(host, file, out);
}

/** Writes a file and what belongs beside it into a folder. */
export async function writeFiles(host: Host, file: FileValue, out: string): Promise<string[]> {
  await mkdir(out, { recursive: true });
  const all = [file, ...(file.beside ?? [])];
  for (const { ref, name } of all) {
    await mkdir(dirname(join(out, name)), { recursive: true });
    await writeFile(join(out, name), await host.get(ref));
  }
  return all.map(({ name }) => name);
}
