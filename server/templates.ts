import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import type { GraphDocument } from "#nodes/graph/document";
import { flattened } from "#nodes/graph/flatten";
import { parseText } from "#nodes/graph/parse";
import { registry } from "#nodes/registry.gen";
import { env } from "./env";

export interface TemplateCard {
  id: string;
  name: string;
  description: string;
  nodes: number;
  trains: boolean;
}

const folder = () => join(env().root, "nodes/templates");

/** A template's graph, by its file's name. */
export async function readTemplate(id: string): Promise<GraphDocument | undefined> {
  if (!/^[a-z0-9-]+$/.test(id)) return undefined;
  const text = await readFile(join(folder(), `${id}.json`), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const { document, problems } = parseText(text);
  if (!document) throw new Error(`The template ${id} is damaged: ${problems[0]?.message}`);
  return document;
}

/** All templates: whatever lies in nodes/templates, the smallest graph first. */
export async function listTemplates(): Promise<TemplateCard[]> {
  const ids = (await readdir(folder()))
    .filter((f) => f.endsWith(".json"))
    .map((f) => f.slice(0, -5))
    .sort();
  const cards = await Promise.all(
    ids.map(async (id) => {
      const document = (await readTemplate(id)) as GraphDocument;
      const { name, description, nodes } = document;
      return {
        id,
        name,
        description,
        nodes: Object.keys(nodes).length,
        trains: Object.values(flattened(document).document.nodes).some(({ type }) => trains(type)),
      };
    }),
  );
  return cards.sort((a, b) => a.nodes - b.nodes);
}

/** A node that takes a part of the graph unevaluated, and its data, is a trainer. */
const trains = (type: string): boolean =>
  Object.values<Port>((registry as Record<string, NodeDefinition>)[type]?.inputs ?? {}).some(
    (port) => port.deferred === "gradient",
  );
