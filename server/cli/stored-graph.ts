/** Graphs in the database of the Patchbay that runs on this machine, for commands beside it. */
import type { GraphDocument } from "#nodes/graph/document";
import { db } from "../db";
import { checked } from "../graphs/checked";
import { Usage } from "../usage";
import { findRunningDatabase } from "./database";

/** As it stands in the address of its editor; behind “@” the number or the name of one of its versions. */
const storedName = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:@(.+))?$/i;

export const isStoredName = (name: string): boolean => storedName.test(name);

/** A graph as it was saved last, or a version of it. Throws `Usage` where there is none. */
export async function openStoredGraph(name: string): Promise<GraphDocument> {
  const [, id = "", version] = storedName.exec(name) ?? [];
  findRunningDatabase();
  const graph = await db().graph.findFirst({ where: { id, deletedAt: null } });
  if (!graph) throw new Usage(`There is no graph ${id} in this Patchbay.`);
  return checked(version === undefined ? graph.document : await documentOf(graph.id, version));
}

async function documentOf(graphId: string, version: string): Promise<unknown> {
  const isNumber = /^\d{1,9}$/.test(version);
  const asked = isNumber ? { number: Number(version) } : { label: version };
  const found = await db().graphVersion.findFirst({ where: { graphId, ...asked }, orderBy: { number: "desc" } });
  if (found) return found.document;
  const named = await db().graphVersion.findMany({
    where: { graphId, NOT: { label: "" } },
    orderBy: { number: "asc" },
  });
  const known = named.map(({ number, label }) => `${number} (${label})`).join(", ") || "none";
  throw new Usage(`The graph has no version ${isNumber ? version : `“${version}”`}. Those with a name: ${known}.`);
}

/** A team by its id or its name, whose a new graph will be. */
export async function teamNamed(name: string): Promise<string> {
  const isId = storedName.test(name) && !name.includes("@");
  const teams = await db().team.findMany({ where: isId ? { id: name } : { name }, select: { id: true }, take: 2 });
  if (teams.length > 1) throw new Usage(`There is more than one team “${name}”: name it by its id.`);
  if (teams[0]) return teams[0].id;
  throw new Usage(`There is no team “${name}”.`);
}
