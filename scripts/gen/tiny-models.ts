/**
 * Templates that name models which nobody ships, given tiny ones with random weights in their place, so that they run
 * wherever the tests do.
 */
import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { GraphDocument } from "#nodes/graph/document";

export const tinyFolder = resolve("tests/fixtures/conformance");
/** By the names of the folders in templates. */
const standIns: Readonly<Record<string, string>> = {
  "SmolLM2-135M-Instruct": "qwen2",
  "all-MiniLM-L6-v2": "bert",
  "clip-vit-base-patch32": "clip",
};

/** Parameters that choose a tiny model by its folder. */
export function tinyModel(name: string): { source: "folder"; folder: string; config: string } {
  const folder = join(tinyFolder, name);
  return { source: "folder", folder, config: readFileSync(join(folder, "config.json"), "utf8") };
}

/** The tiny models that stand in for those that a graph names. */
export function tinyModelsFor({ nodes }: GraphDocument): string[] {
  const named = Object.values(nodes).flatMap(({ params }) => standIns[basename(String(params.folder ?? ""))] ?? []);
  return [...new Set(named)];
}

/** The same graph on tiny models; it itself where it names none. */
export function onTinyModels(document: GraphDocument): GraphDocument {
  const nodes = Object.entries(document.nodes).map(([id, node]) => {
    const tiny = standIns[basename(String(node.params.folder ?? ""))];
    if (tiny === undefined) return [id, node] as const;
    const { config, ...choice } = tinyModel(tiny);
    const params = { ...node.params, ...choice, ...("config" in node.params ? { config } : {}) };
    return [id, { ...node, params }] as const;
  });
  return { ...document, nodes: Object.fromEntries(nodes) };
}
