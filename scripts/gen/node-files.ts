/** The node files of nodes/<category>/, which is all the registry there is: a node exists because its file does. */
import { readdir } from "node:fs/promises";
import type { NodeDefinition } from "#nodes/core/node";
import { root } from "../installation.mjs";

const notCategories = ["core", "graph", "templates"];

export interface NodeFile {
  type: string;
  category: string;
  /** Its name without ending. */
  file: string;
  /** What it exports. */
  exported: string;
}

/** In the order of their types. */
export async function nodeFiles(): Promise<NodeFile[]> {
  const folders = (await readdir(`${root}/nodes`, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !notCategories.includes(entry.name))
    .map((entry) => entry.name)
    .sort();
  return (await Promise.all(folders.map(filesOf))).flat();
}

async function filesOf(category: string): Promise<NodeFile[]> {
  const names = (await readdir(`${root}/nodes/${category}`)).sort();
  return names
    .filter((name) => name.endsWith(".ts") && !name.includes(".test"))
    .map((name) => {
      const file = name.slice(0, -".ts".length);
      return { type: `${category}.${file}`, category, file, exported: camelCase(file) };
    });
}

export async function loadNode({ type, category, file, exported }: NodeFile): Promise<NodeDefinition> {
  const path = `nodes/${category}/${file}.ts`;
  const module = (await import(`../../${path}`)) as Record<string, NodeDefinition>;
  const definition = module[exported];
  if (definition?.type !== type) {
    const found = definition?.type ?? "nothing";
    throw new Error(`${path} must export ${exported} with the type "${type}"; found ${found}.`);
  }
  return definition;
}

export function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
