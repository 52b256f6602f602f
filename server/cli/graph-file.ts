import { readFile, stat } from "node:fs/promises";
import { type GraphDocument, limits } from "#nodes/graph/document";
import { parseBytes } from "#nodes/graph/parse";
import { tooLarge } from "#nodes/graph/size-limits";
import type { Problem } from "#nodes/graph/problem";
import { listTemplates, readTemplate } from "../templates";
import { Usage } from "../usage";

export type OpenedGraph =
  | { document: GraphDocument; problems?: undefined }
  | { document?: undefined; problems: Problem[] };

/** A graph from a file or a template's name. Throws `Usage` when it is neither. */
export async function openGraph(name: string): Promise<OpenedGraph> {
  const size = await fileSize(name);
  if (size === undefined) return { document: await openTemplate(name) };
  if (size > limits.bytes) return { problems: [tooLarge(size)] };
  return parseBytes(await readFile(name));
}

async function openTemplate(name: string): Promise<GraphDocument> {
  const template = await readTemplate(name);
  if (template) return template;
  const known = (await listTemplates()).map(({ id }) => id);
  throw new Usage(`There is no file and no template “${name}”. Templates: ${known.join(", ")}.`);
}

/** Undefined where there is no file. */
async function fileSize(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? found.size : undefined;
}
