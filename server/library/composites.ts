/** Composites that are kept for all graphs: rows in the database. */
import { isDeepStrictEqual } from "node:util";
import { check } from "#nodes/graph/check";
import { compositeType } from "#nodes/graph/composites";
import { type Composite, type GraphDocument, graphDocument, schemaVersion } from "#nodes/graph/document";
import { type LibraryEntry, type SavedComposite, savedFrom } from "#nodes/graph/library";
import type { Actor } from "../access/actor";
import { bringFiles } from "../access/files";
import { visible } from "../access/visible";
import { madeBy } from "../access/working-team";
import type { Db } from "../db";
import { Failure, failureOf } from "../errors";
import { checked } from "../graphs/checked";

/** What the list says of an entry. */
export interface LibraryCard {
  id: string;
  title: string;
  description: string;
  version: number;
  updatedAt: Date;
}

/** The entries by their titles. */
export function listComposites(db: Db, actor: Actor): Promise<LibraryCard[]> {
  return db.savedComposite.findMany({
    where: { deletedAt: null, ...visible(actor).composite },
    select: { id: true, title: true, description: true, version: true, updatedAt: true },
    orderBy: [{ title: "asc" }, { id: "asc" }],
    take: 500,
  });
}

/** An entry with its composites, or nothing. */
export async function readComposite(db: Db, id: string): Promise<LibraryEntry | undefined> {
  const row = await rowOf(db, id);
  if (!row) return undefined;
  const { root, composites } = row.content;
  // What is stored is read as what a stranger sends.
  const document = checked({ ...emptyGraph(), composites });
  return { id, version: row.version, root, composites: document.composites ?? {} };
}

/**
 * Saves a composite of a graph: as a new entry, or as the next version of one. One that is as the last version is stays
 * that version. Refused where it could be used in no graph.
 */
export async function saveComposite(
  db: Db,
  actor: Actor,
  { id, document, composite }: { id?: string; document: GraphDocument; composite: string },
): Promise<{ id: string; version: number }> {
  const saved = savedFrom(document, composite);
  const root = saved?.composites[composite];
  if (!saved || !root) throw noSuchComposite(composite);
  refuseUnusable(saved);
  const { title, description = "" } = root;
  const before = id === undefined ? undefined : await rowOf(db, id);
  if (before && isDeepStrictEqual(before.content, saved)) return { id: before.id, version: before.version };
  const data = { title, description, content: saved as object };
  const owner = before ?? (await madeBy(db, actor));
  await bringFiles(db, actor, owner.teamId, saved);
  if (!before) {
    const { teamId, userId } = owner;
    return db.savedComposite.create({ data: { ...data, teamId, userId }, select: versionOf });
  }
  return db.savedComposite.update({
    where: { id: before.id },
    data: { ...data, version: { increment: 1 }, updatedAt: new Date() },
    select: versionOf,
  });
}

/** Whether there was such an entry. Copies in graphs stay as they are. */
export async function removeComposite(db: Db, id: string): Promise<boolean> {
  const { count } = await db.savedComposite.updateMany({
    where: { id, deletedAt: null },
    data: { deletedAt: new Date() },
  });
  return count > 0;
}

const versionOf = { id: true, version: true } as const;

/** An entry as it is stored. */
async function rowOf(
  db: Db,
  id: string,
): Promise<
  { id: string; version: number; teamId: string; userId: string | null; content: SavedComposite } | undefined
> {
  const row = await db.savedComposite.findFirst({ where: { id, deletedAt: null } });
  return row ? { ...row, content: row.content as unknown as SavedComposite } : undefined;
}

const emptyGraph = () => graphDocument.parse({ schema: schemaVersion, name: "", nodes: {}, wires: [] });

/** What no graph could have an instance of: circles, and what is too deep or too large. */
function refuseUnusable({ root, composites }: SavedComposite): void {
  const trial = graphDocument.parse({
    ...emptyGraph(),
    nodes: { trial: { type: compositeType(root) } },
    composites: composites as Record<string, Composite>,
  });
  const wrong = check(trial).problems.find(({ code }) => code === "cycle" || code === "too-large");
  if (wrong) throw failureOf(wrong);
}

function noSuchComposite(id: string): Failure {
  return new Failure({
    message: `The graph has no composite “${id}” that could be saved.`,
    hint: "Reload the page; the graph may have been changed in another window.",
  });
}
