import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { GraphDocument } from "#nodes/graph/document";
import { parseText } from "#nodes/graph/parse";
import { env } from "./env";
import { stepsOf } from "./publish/size";

/** What a run of a template took, with nothing kept before: scripts/measure-templates.ts writes it. */
export interface Measured {
  seconds: number;
  /** The most memory in bytes. */
  memory: number;
  /** Cores of the machine, and what it did besides. */
  cores: number;
  load: number;
}

export interface TemplateCard {
  id: string;
  name: string;
  description: string;
  nodes: number;
  trains: boolean;
  /** Where it was measured. */
  measured?: Measured;
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
  const measured = await measuredTemplates();
  const cards = await Promise.all(
    ids.map(async (id) => {
      const document = (await readTemplate(id)) as GraphDocument;
      const { name, description } = document;
      return {
        id,
        name,
        description,
        ...stepsOf(document),
        measured: measured[id],
      };
    }),
  );
  return cards.sort((a, b) => a.nodes - b.nodes);
}

/** By template. None where the file is away: cards say less then. */
async function measuredTemplates(): Promise<Record<string, Measured>> {
  const text = await readFile(join(env().root, "docs/templates/measured.json"), "utf8").catch(() => "{}");
  return JSON.parse(text) as Record<string, Measured>;
}
