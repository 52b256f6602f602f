import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import type { GraphDocument } from "#nodes/graph/document";
import { importBundle } from "../bundles/import";
import type { BundleManifest } from "../bundles/manifest";
import { openBundle } from "../bundles/open";
import { withFilesStored } from "../bundles/store";
import { db } from "../db";
import { env } from "../env";
import { openBlobs } from "../storage/blobs";
import { Usage } from "../usage";
import { findRunningDatabase } from "./database";
import { jsonOption, printJson, say } from "./output";
import { teamNamed } from "./stored-graph";

export function unpackCommand(): Command {
  return new Command("unpack")
    .argument("<file>", "a bundle: NAME.patchbay")
    .argument("[graph]", "the graph to write; by default NAME.json")
    .option("--stored", "makes a graph of it in the Patchbay that runs on the data folder, instead of a file")
    .option("--team <name>", "whose that graph is, by the team's name or id; needs --stored")
    .addOption(jsonOption())
    .description("Checks a bundle, takes its files into the data folder, and writes its graph, which run then runs.")
    .action(unpackBundle);
}

interface UnpackOptions {
  stored?: boolean;
  team?: string;
  json?: boolean;
}

async function unpackBundle(file: string, graph: string | undefined, options: UnpackOptions): Promise<void> {
  const { stored, team, json } = options;
  if (stored && graph !== undefined) throw new Usage("--stored makes a graph in the database, and writes no file.");
  if (team !== undefined && !stored) throw new Usage("--team says whose a stored graph is: it needs --stored.");
  const bundle = await openBundle(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" || error.code === "EISDIR" ? new Usage(`There is no file “${file}”.`) : error;
  });
  if (stored) {
    bundle.close();
    return storeGraph(file, bundle.manifest.title, options);
  }
  try {
    const out = graph ?? `${file.replace(/\.patchbay$/, "")}.json`;
    await withFilesStored(bundle, openBlobs(join(env().data, "blobs")), () => writeGraph(out, bundle.document));
    const { title, missing, hub } = bundle.manifest;
    if (json) return printJson({ status: "done", graph: out, title, files: bundle.files.length, missing, hub });
    say(`${title}: ${out}, with ${bundle.files.length} files.`);
    sayWhatLacks(missing, hub);
  } finally {
    bundle.close();
  }
}

/** As when it is dropped on the start page: its files, then the graph, or nothing. */
async function storeGraph(file: string, title: string, { team, json }: UnpackOptions): Promise<void> {
  findRunningDatabase();
  const owner = team === undefined ? undefined : await teamNamed(team);
  const { id, missing, hub } = await importBundle(
    db(),
    openBlobs(join(env().data, "blobs")),
    { kind: "local" },
    file,
    owner,
  );
  if (json) return printJson({ status: "done", id, title, missing, hub });
  say(`${title}: graph ${id}`);
  sayWhatLacks(missing, hub);
}

function sayWhatLacks(missing: BundleManifest["missing"], hub: BundleManifest["hub"]): void {
  for (const { name } of missing) say(`not in it: ${name}`);
  for (const { model, revision } of hub) say(`from the hub: ${model} at ${revision}`);
}

/** A graph of that name may be there, and is not overwritten. */
async function writeGraph(path: string, document: GraphDocument): Promise<void> {
  await writeFile(path, `${JSON.stringify(document, null, 2)}\n`, { flag: "wx" }).catch((error) => {
    throw error.code === "EEXIST" ? new Usage(`“${path}” is there already: name another file.`) : error;
  });
}
