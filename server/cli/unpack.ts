import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import type { GraphDocument } from "#nodes/graph/document";
import { openBundle } from "../bundles/open";
import { withFilesStored } from "../bundles/store";
import { env } from "../env";
import { openBlobs } from "../storage/blobs";
import { Usage } from "../usage";
import { jsonOption, printJson, say } from "./output";

export function unpackCommand(): Command {
  return new Command("unpack")
    .argument("<file>", "a bundle: NAME.patchbay")
    .argument("[graph]", "the graph to write; by default NAME.json")
    .addOption(jsonOption())
    .description("Checks a bundle, takes its files into the data folder, and writes its graph, which run then runs.")
    .action(unpackBundle);
}

async function unpackBundle(file: string, graph: string | undefined, { json }: { json?: boolean }): Promise<void> {
  const bundle = await openBundle(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" || error.code === "EISDIR" ? new Usage(`There is no file “${file}”.`) : error;
  });
  try {
    const out = graph ?? `${file.replace(/\.patchbay$/, "")}.json`;
    await withFilesStored(bundle, openBlobs(join(env().data, "blobs")), () => writeGraph(out, bundle.document));
    const { title, missing, hub } = bundle.manifest;
    if (json) return printJson({ status: "done", graph: out, title, files: bundle.files.length, missing, hub });
    say(`${title}: ${out}, with ${bundle.files.length} files.`);
    for (const { name } of missing) say(`not in it: ${name}`);
    for (const { model, revision } of hub) say(`from the hub: ${model} at ${revision}`);
  } finally {
    bundle.close();
  }
}

/** A graph of that name may be there, and is not overwritten. */
async function writeGraph(path: string, document: GraphDocument): Promise<void> {
  await writeFile(path, `${JSON.stringify(document, null, 2)}\n`, { flag: "wx" }).catch((error) => {
    throw error.code === "EEXIST" ? new Usage(`“${path}” is there already: name another file.`) : error;
  });
}
