/** `--set NODE.PARAM=@PATH`: a file of this machine, its folder or a .zip of it, as a parameter holds it. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { type Chosen, choose, type Stored } from "#nodes/core/chosen";
import type { Inspect } from "#nodes/core/node";
import { type Blobs, maxUpload } from "../storage/blobs";
import { type FileSource, openSource, streamOf } from "../storage/file-source";
import { Usage } from "../usage";

/** Files of a folder that are looked at. */
const maxFiles = 10_000;

type Open = (file: string) => Promise<FileSource | undefined>;

export async function uploadPath(path: string, blobs: Blobs, inspect: Inspect | undefined): Promise<Stored> {
  const opened: FileSource[] = [];
  const open: Open = async (file) => {
    const source = await openSource(file);
    if (source) opened.push(source);
    return source;
  };
  try {
    return await choose({
      chosen: await chosenAt(path, inspect, open),
      inspect,
      send: async ({ source }) => (await blobs.putStream(streamOf(source), maxUpload)).ref,
      // A path from the folder of the model, which never leads out of it.
      find: (beside) => open(join(dirname(path), beside)),
    });
  } finally {
    await Promise.all(opened.map((source) => source.close().catch(() => {})));
  }
}

async function chosenAt(path: string, inspect: Inspect | undefined, open: Open): Promise<Chosen[]> {
  const found = await stat(path).catch(() => undefined);
  const paths = found?.isDirectory() && inspect ? await filesIn(path) : [""];
  const chosen: Chosen[] = [];
  for (const inside of paths) {
    const source = await open(join(path, inside));
    if (source) chosen.push({ path: inside || basename(path), source });
  }
  if (!chosen.length) throw new Usage(`--set names the file “${path}”, which cannot be read.`);
  return chosen;
}

/** What lies in a folder, by its path from there. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  if (files.length > maxFiles)
    throw new Usage(`--set names the folder “${folder}”, which holds more than ${maxFiles} files.`);
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
}
