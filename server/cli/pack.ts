import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Command } from "commander";
import { leavingWith, withoutLeaving } from "#nodes/graph/leaving";
import { env } from "../env";
import { Failure } from "../errors";
import { bundleAbout, bundleEnding } from "../bundles/manifest";
import { kindOf, packBundle } from "../bundles/pack";
import { openBlobs } from "../storage/blobs";
import { Usage } from "../usage";
import { type OpenedGraph, openGraph } from "./graph-file";
import { repeatable } from "./options";
import { jsonOption, printJson, reportProblems, say } from "./output";
import { isStoredName, openStoredGraph } from "./stored-graph";

interface PackOptions {
  title?: string;
  text?: string;
  tag: string[];
  licence?: string;
  filesLicence?: string;
  leaveOut: string[];
  pins?: boolean;
  json?: boolean;
}

const mayStay = ["weights", "files", "paths", "notes"] as const;

export function packCommand(): Command {
  return new Command("pack")
    .argument("<graph>", "a file, a template's name, or the id of a stored graph: ID, or ID@VERSION by number or name")
    .argument("<file>", `the bundle to write: NAME${bundleEnding}`)
    .option("--title <text>", "what it is called; by default as the graph is")
    .option("--text <text>", "what it is; by default what the graph says")
    .addOption(repeatable("--tag <word>", "a word to find it by"))
    .option("--licence <name>", "the licence of the graph, such as MIT")
    .option("--files-licence <name>", "the licence of the files in it")
    .addOption(repeatable("--leave-out <what>", `what stays here: ${mayStay.join(", ")}`))
    .option("--pins", "takes pinned results along")
    .addOption(jsonOption())
    .description("Writes a graph and the files that it names as one file, which another Patchbay opens.")
    .action(packGraph);
}

async function packGraph(name: string, file: string, options: PackOptions): Promise<void> {
  const opened: OpenedGraph = isStoredName(name) ? { document: await openStoredGraph(name) } : await openGraph(name);
  if (!opened.document) return reportProblems(opened.problems, options.json);
  if (!file.endsWith(bundleEnding)) throw new Usage(`pack writes NAME${bundleEnding}, and not “${file}”.`);
  const { title = opened.document.name, text = opened.document.description, tag: tags, licence } = options;
  const about = bundleAbout.safeParse({ title, text, tags, licence });
  if (!about.success) throw new Usage(`pack: ${about.error.issues[0]?.path.join(".")} is too long, or empty.`);
  const { document, without } = leaving(opened.document, options);
  const blobs = openBlobs(join(env().data, "blobs"));
  const filesLicence = options.filesLicence;
  const bundle = await packBundle({ document, about: about.data, without, filesLicence }, blobs);
  await write(file, bundle.stream());
  const { entries, missing, hub } = bundle.manifest;
  if (options.json) return printJson({ status: "done", file, entries, missing, hub });
  for (const { kind, bytes, ...entry } of entries)
    say(`${kind}: ${"name" in entry ? entry.name : entry.path}, ${bytes} bytes`);
  for (const each of missing) say(`not in it: ${each.name}`);
  for (const { model, revision } of hub) say(`from the hub, not in it: ${model} at ${revision}`);
}

/** The document as it leaves, and the files that stay. */
function leaving(document: Parameters<typeof withoutLeaving>[0], { leaveOut, pins }: PackOptions) {
  const unknown = leaveOut.find((what) => !mayStay.some((known) => known === what));
  if (unknown !== undefined) throw new Usage(`--leave-out takes ${mayStay.join(", ")}, and not “${unknown}”.`);
  const has = (what: (typeof mayStay)[number]) => leaveOut.includes(what);
  const left = withoutLeaving(document, { paths: has("paths"), notes: has("notes"), pins: !pins });
  const stays = leavingWith(left).files.filter(
    ({ name }) => has("files") || (has("weights") && kindOf(name) === "weights"),
  );
  return { document: left, without: new Set(stays.map(({ ref }) => ref)) };
}

/** Whole, or not at all. */
async function write(file: string, parts: AsyncGenerator<Uint8Array>): Promise<void> {
  const aside = `${file}.part`;
  try {
    await pipeline(Readable.from(parts), createWriteStream(aside));
    await rename(aside, file);
  } catch (cause) {
    await rm(aside, { force: true });
    if (cause instanceof Failure) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw code === "ENOENT" ? new Usage(`The folder of “${file}” does not exist.`) : cause;
  }
}
