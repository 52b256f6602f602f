import { TRPCError } from "@trpc/server";
import type { GraphDocument } from "#nodes/graph/document";
import type { Actor } from "../access/actor";
import { bringFiles } from "../access/files";
import type { Db } from "../db";
import { notFound } from "../not-found";
import { tellSaved } from "./news";
import { keepBeforeChanges } from "./versions";

export interface Save {
  id: string;
  /** The revision that the document was made of. */
  revision: number;
  document: GraphDocument;
  /** The window that saves, so that it need not hear of it. */
  window?: string;
  /** Who saves: whoever calls this has asked whether they may. */
  actor?: Actor;
}

/**
 * Saves what the editor holds. A save that builds on an older revision than the stored one is refused, and nothing is
 * overwritten; one that is sent again, because its answer was lost, is not. Other windows are told.
 */
export async function saveGraph(db: Db, save: Save): Promise<{ revision: number }> {
  const { id, revision, document, window = "", actor = { kind: "local" } } = save;
  const owner = await db.graph.findUnique({ where: { id }, select: { teamId: true } });
  if (owner) await bringFiles(db, actor, owner.teamId, document);
  const isSaved = await db.$transaction(async (tx) => {
    const isCurrent = await tx.graph.count({ where: { id, revision, deletedAt: null } });
    if (isCurrent) await keepBeforeChanges(tx, id);
    const { count } = await tx.graph.updateMany({
      where: { id, revision, deletedAt: null },
      data: { document, name: document.name, description: document.description, revision: { increment: 1 } },
    });
    if (count) await tellSaved(tx, { graph: id, revision: revision + 1, window });
    return count > 0;
  });
  if (isSaved) return { revision: revision + 1 };
  const stored = await db.graph.findFirst({
    where: { id, deletedAt: null },
    select: { revision: true, document: true },
  });
  if (!stored) throw notFound("This graph");
  if (stored.revision === revision + 1 && JSON.stringify(stored.document) === JSON.stringify(document))
    return { revision: stored.revision };
  throw new TRPCError({
    code: "CONFLICT",
    message: "This graph was changed in another window meanwhile.",
  });
}
