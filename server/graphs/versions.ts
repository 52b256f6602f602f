/** States of a graph that are kept: those that were run, one for each hour of changes, and those that got a name. */
import { isSame } from "#nodes/graph/document-shape";
import type { GraphDocument } from "#nodes/graph/document";
import type { Db, Tx } from "../db";
import { notFound } from "../not-found";
import { checked } from "./checked";
import { tellSaved } from "./news";

/** An hour of changes is one version: the state before them. */
const hour = 60 * 60 * 1000;
/** So many versions that neither have a name nor were run are kept of a graph. */
const mostUnnamed = 200;

export interface VersionEntry {
  id: string;
  number: number;
  /** The name that it was given. */
  label: string;
  createdAt: Date;
  /** The newest run of it. */
  run?: { id: string; status: string };
}

/** The versions of a graph, the newest first. */
export async function listVersions(db: Db, graphId: string): Promise<VersionEntry[]> {
  const versions = await db.graphVersion.findMany({
    where: { graphId },
    orderBy: { number: "desc" },
    take: 500,
    select: {
      id: true,
      number: true,
      label: true,
      createdAt: true,
      runs: { orderBy: { createdAt: "desc" }, take: 1, select: { id: true, status: true } },
    },
  });
  return versions.map(({ runs, ...version }) => ({ ...version, run: runs[0] }));
}

/**
 * Keeps a state of a graph. The newest version is used again where it is the same state and has no other name. The
 * row of the graph is locked until the end of the transaction, so that numbers follow each other.
 */
export async function addVersion(
  tx: Tx,
  { graphId, document, label = "" }: { graphId: string; document: GraphDocument; label?: string },
): Promise<{ id: string; number: number }> {
  await tx.$queryRaw`select 1 from "Graph" where "id" = ${graphId}::uuid for update`;
  const last = await tx.graphVersion.findFirst({ where: { graphId }, orderBy: { number: "desc" } });
  const isThis = last !== null && isSame(last.document, document) && (!label || !last.label || last.label === label);
  if (!isThis) {
    const data = { graphId, number: (last?.number ?? 0) + 1, label, document };
    return tx.graphVersion.create({ data, select: { id: true, number: true } });
  }
  if (label) await tx.graphVersion.update({ where: { id: last.id }, data: { label } });
  return { id: last.id, number: last.number };
}

/** Keeps the state that a save overwrites, where none was kept for an hour. */
export async function keepBeforeChanges(tx: Tx, graphId: string): Promise<void> {
  const last = await tx.graphVersion.findFirst({
    where: { graphId },
    orderBy: { number: "desc" },
    select: { createdAt: true },
  });
  if (last && Date.now() - last.createdAt.getTime() < hour) return;
  const graph = await tx.graph.findUnique({ where: { id: graphId }, select: { document: true } });
  if (!graph) return;
  await addVersion(tx, { graphId, document: graph.document as unknown as GraphDocument });
  await forgetOldest(tx, graphId);
}

async function forgetOldest(tx: Tx, graphId: string): Promise<void> {
  const old = await tx.graphVersion.findMany({
    where: { graphId, label: "", runs: { none: {} } },
    orderBy: { number: "desc" },
    skip: mostUnnamed,
    select: { id: true },
  });
  if (old.length) await tx.graphVersion.deleteMany({ where: { id: { in: old.map(({ id }) => id) } } });
}

/** Gives the state that is stored a name. */
export async function nameVersion(
  db: Db,
  { graphId, label }: { graphId: string; label: string },
): Promise<{ number: number }> {
  return db.$transaction(async (tx) => {
    const graph = await tx.graph.findFirst({ where: { id: graphId, deletedAt: null }, select: { document: true } });
    if (!graph) throw notFound("This graph");
    return addVersion(tx, { graphId, document: checked(graph.document), label });
  });
}

/** Another name for a version; none makes it one of those that are forgotten in time. */
export async function renameVersion(db: Db, { id, label }: { id: string; label: string }): Promise<void> {
  const { count } = await db.graphVersion.updateMany({ where: { id }, data: { label } });
  if (!count) throw notFound("This version");
}

/** Makes a graph what it was in a version, after what it is now was kept as a version, too. */
export async function restoreVersion(db: Db, id: string): Promise<{ graphId: string; kept: number }> {
  return db.$transaction(async (tx) => {
    const version = await tx.graphVersion.findUnique({ where: { id } });
    if (!version) throw notFound("This version");
    const { graphId, number } = version;
    const document = checked(version.document);
    const graph = await tx.graph.findFirst({ where: { id: graphId, deletedAt: null }, select: { document: true } });
    if (!graph) throw notFound("This graph");
    const label = `Before going back to version ${number}`;
    const now = checked(graph.document);
    const kept = isSame(now, document)
      ? number
      : (await addVersion(tx, { graphId, document: now, label: await freeLabel(tx, graphId, now, label) })).number;
    const { revision } = await tx.graph.update({
      where: { id: graphId },
      data: { document, name: document.name, description: document.description, revision: { increment: 1 } },
      select: { revision: true },
    });
    await tellSaved(tx, { graph: graphId, revision, window: "" });
    return { graphId, kept };
  });
}

/** A state that has a name already keeps it. */
async function freeLabel(tx: Tx, graphId: string, document: GraphDocument, label: string): Promise<string> {
  const last = await tx.graphVersion.findFirst({ where: { graphId }, orderBy: { number: "desc" } });
  return last?.label && isSame(last.document, document) ? last.label : label;
}
