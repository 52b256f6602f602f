/** Which state of a graph the API runs: a version that somebody gave a name, and never the draft. */
import type { GraphDocument } from "#nodes/graph/document";
import { withoutPins } from "#nodes/graph/edits";
import type { Db } from "../db";
import { checked } from "../graphs/checked";
import { notFound } from "../not-found";
import { Refusal } from "./problem";

export interface NamedVersion {
  id: string;
  graphId: string;
  number: number;
  name: string;
  createdAt: Date;
}

const columns = { id: true, graphId: true, number: true, label: true, createdAt: true } as const;

/**
 * The version of that number or name; the last that has a name where none is said. Without what is pinned in it: a pin
 * stands for a node while somebody edits, and whoever calls is answered by the node.
 */
export async function namedVersion(
  db: Db,
  graphId: string,
  asked?: number | string,
): Promise<NamedVersion & { document: GraphDocument }> {
  const which = typeof asked === "number" ? { number: asked } : { label: asked ?? { not: "" } };
  const found = await db.graphVersion.findFirst({
    where: { graphId, ...which },
    orderBy: { number: "desc" },
    select: { ...columns, document: true },
  });
  if (!found) throw asked === undefined ? nothingNamed() : notFound(`A version “${asked}” of this graph`);
  if (!found.label) throw isUnnamed(found.number);
  const { label, document, ...version } = found;
  return { ...version, name: label, document: withoutPins(checked(document)) };
}

/** The named versions of a graph, the newest first. */
export async function namedVersions(
  db: Db,
  graphId: string,
  { limit, before }: { limit: number; before?: number },
): Promise<NamedVersion[]> {
  const found = await db.graphVersion.findMany({
    where: { graphId, label: { not: "" }, number: before === undefined ? undefined : { lt: before } },
    orderBy: { number: "desc" },
    take: limit,
    select: columns,
  });
  return found.map(({ label, ...version }) => ({ ...version, name: label }));
}

function nothingNamed(): Refusal {
  return new Refusal(409, {
    message: "This graph has no named version, and drafts are not served.",
    hint: "Name one in the editor: More, Name this version.",
  });
}

function isUnnamed(number: number): Refusal {
  return new Refusal(409, {
    message: `Version ${number} has no name, and only named versions are served.`,
    hint: "Name it on the page of the graph's versions, or ask for another one.",
  });
}
