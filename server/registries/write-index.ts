import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleEnding } from "../bundles/manifest";
import { openBundle } from "../bundles/open";
import { Failure } from "../errors";
import { indexName, type RegistryEntry, registryEntry, type RegistryIndex } from "./index-file";

/**
 * Makes a registry of a folder: opens and checks each of its bundles, and writes the index of them. A bundle that is of
 * no template, since it was packed of a graph, is refused by its name.
 */
export async function writeIndex(folder: string, title: string): Promise<RegistryIndex> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(bundleEnding)).sort();
  const templates: RegistryEntry[] = [];
  for (const name of names) templates.push(await entryFor(folder, name));
  const index: RegistryIndex = { patchbay: "registry", schema: 1, title, templates };
  const aside = join(folder, `.${indexName}.part`);
  await writeFile(aside, `${JSON.stringify(index, null, 2)}\n`);
  await rename(aside, join(folder, indexName));
  return index;
}

async function entryFor(folder: string, file: string): Promise<RegistryEntry> {
  const path = join(folder, file);
  const bundle = await openBundle(path);
  bundle.close();
  const { template, title, text, tags, licence } = bundle.manifest;
  if (!template)
    throw new Failure({
      message: `“${file}” is the bundle of a graph, and not of a template.`,
      hint: "Download it from the page of a template that was published.",
    });
  const facts = { ...{ id: template.id, version: template.version }, title, text, tags, licence, file };
  const { data, error } = registryEntry.safeParse({
    ...facts,
    sha256: await hashOf(path),
    bytes: (await stat(path)).size,
  });
  if (data) return data;
  throw new Failure({
    message: `“${file}” cannot be listed: ${error.issues[0]?.message}.`,
    hint: "Give it a plain name.",
  });
}

async function hashOf(path: string): Promise<string> {
  const digest = createHash("sha256");
  for await (const part of createReadStream(path)) digest.update(part as Buffer);
  return digest.digest("hex");
}
