/** Composites that are kept for all graphs: rows in the database. */
import { check } from "#nodes/graph/check";
import { compositeType } from "#nodes/graph/composites";
import { type Composite, type GraphDocument, graphDocument, schemaVersion } from "#nodes/graph/document";
import { type LibraryEntry, type SavedComposite, savedFrom } from "#nodes/graph/library";
import type { Db, Tx } from "../db";
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
export function listComposites(db: Db): Promise<LibraryCard[]> {
  return db.$queryRaw<LibraryCard[]>`select "id", "title", "description", "version", "updatedAt"
    from "SavedComposite" where "deletedAt" is null order by "title", "id" limit 500`;
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
  { id, document, composite }: { id?: string; document: GraphDocument; composite: string },
): Promise<{ id: string; version: number }> {
  const saved = savedFrom(document, composite);
  const root = saved?.composites[composite];
  if (!saved || !root) throw noSuchComposite(composite);
  refuseUnusable(saved);
  const { title, description = "" } = root;
  const content = JSON.stringify(saved);
  return db.$transaction(async (tx) => {
    const before = id === undefined ? undefined : await rowOf(tx, id);
    if (before && JSON.stringify(before.content) === content) return { id: before.id, version: before.version };
    const [row] = before
      ? await tx.$queryRaw<Version[]>`update "SavedComposite" set "title" = ${title}, "description" = ${description},
          "content" = ${content}::json, "version" = "version" + 1, "updatedAt" = now()
          where "id" = ${before.id}::uuid returning "id", "version"`
      : await tx.$queryRaw<Version[]>`insert into "SavedComposite" ("title", "description", "content")
          values (${title}, ${description}, ${content}::json) returning "id", "version"`;
    return row as Version;
  });
}

/** Whether there was such an entry. Copies in graphs stay as they are. */
export async function removeComposite(db: Db, id: string): Promise<boolean> {
  const count = await db.$executeRaw`update "SavedComposite" set "deletedAt" = now()
    where "id" = ${id}::uuid and "deletedAt" is null`;
  return count > 0;
}

interface Version {
  id: string;
  version: number;
}

/** An entry as it is stored; locked where it is read in a transaction. */
async function rowOf(db: Tx, id: string): Promise<(Version & { content: SavedComposite }) | undefined> {
  const rows = await db.$queryRaw<(Version & { content: SavedComposite })[]>`select "id", "version", "content"
    from "SavedComposite" where "id" = ${id}::uuid and "deletedAt" is null for update`;
  return rows[0];
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
