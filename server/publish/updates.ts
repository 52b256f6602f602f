/** Where a graph came from, and what its template has become since. */
import type { GraphDocument } from "#nodes/graph/document";
import { merge } from "#nodes/graph/merge";
import type { Conflict } from "#nodes/graph/merge-choices";
import type { Actor } from "../access/actor";
import { type BroughtFile, recordFiles } from "../access/files";
import { may, must } from "../access/may";
import type { Db } from "../db";
import { checked } from "../graphs/checked";
import { tellSaved } from "../graphs/news";
import { addVersion } from "../graphs/versions";
import { notFound } from "../not-found";
import { type TemplateOrigin, templateOrigin } from "./origin";
import { documentOfVersion } from "./read";

export interface Origin {
  template?: TemplateOrigin;
  /** The graph that this is a copy of; nothing where it may not be seen. */
  graph?: { id: string; name: string; number: number | null };
}

/** Where a graph came from, as far as whoever asks may see that. */
export async function originOf(db: Db, actor: Actor, graphId: string): Promise<Origin> {
  const graph = await graphOf(db, graphId);
  const template = await templateOrigin(db, actor, graph);
  return { ...(template && { template }), ...(await graphOrigin(db, actor, graph)) };
}

type Row = Awaited<ReturnType<typeof graphOf>>;

async function graphOf(db: Db, id: string) {
  const graph = await db.graph.findFirst({ where: { id, deletedAt: null } });
  if (!graph) throw notFound("This graph");
  return graph;
}

async function graphOrigin(db: Db, actor: Actor, graph: Row): Promise<Pick<Origin, "graph">> {
  const { originGraphId: id, originGraphVersion: number } = graph;
  if (id === null || !(await may(db, actor, "see", { kind: "graph", id }))) return {};
  const found = await db.graph.findFirst({ where: { id, deletedAt: null }, select: { name: true } });
  return found ? { graph: { id, name: found.name, number } } : {};
}

export interface Update {
  title: string;
  from: number;
  to: number;
  /** What the publisher says is new, the newest first. */
  changes: { number: number; changes: string }[];
  /** The template as the graph was made of it, and as it is now. */
  before: GraphDocument;
  after: GraphDocument;
  /** The graph as it is, and with the update. */
  mine: GraphDocument;
  merged: GraphDocument;
  /** Where both changed the same: the graph's own value is kept. */
  conflicts: Conflict[];
}

/** What an update of a graph to the newest version of its template changes; nothing where there is none. */
export async function updateOf(db: Db, actor: Actor, graphId: string): Promise<Update | undefined> {
  await must(db, actor, "see", { kind: "graph", id: graphId });
  const graph = await graphOf(db, graphId);
  const template = await templateOrigin(db, actor, graph);
  if (!template?.id || !template.number || !template.update) return undefined;
  const { id, number: from, update: to, title } = template;
  const [before, after] = await Promise.all([from, to].map((number) => documentOfVersion(db, id, number)));
  if (!before || !after) return undefined;
  const changes = await db.templateVersion.findMany({
    where: { templateId: id, number: { gt: from, lte: to } },
    orderBy: { number: "desc" },
    select: { number: true, changes: true },
  });
  const mine = checked(graph.document);
  const { document: merged, conflicts } = merge(before, mine, after);
  return { title, from, to, changes, before, after, mine, merged, conflicts };
}

/**
 * Brings a graph to the newest version of its template. What was changed in the graph stays; what it is now is kept as
 * a version first, and other windows are told.
 */
export async function takeUpdate(db: Db, actor: Actor, graphId: string): Promise<{ number: number; kept: number }> {
  await must(db, actor, "change", { kind: "graph", id: graphId });
  const update = await updateOf(db, actor, graphId);
  if (!update) throw notFound("This update");
  const { to, title } = update;
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Graph" where "id" = ${graphId}::uuid for update`;
    const graph = await tx.graph.findUniqueOrThrow({ where: { id: graphId } });
    const now = checked(graph.document);
    const label = `Before version ${to} of ${title}`.slice(0, 100);
    const { number: kept } = await addVersion(tx, { graphId, document: now, label });
    const { document } = merge(update.before, now, update.after, { otherwise: "mine" });
    const version = await tx.templateVersion.findUniqueOrThrow({
      where: { templateId_number: { templateId: graph.originTemplateId ?? "", number: to } },
      select: { files: true },
    });
    const owner = { teamId: graph.teamId, userId: graph.userId };
    await recordFiles(tx, owner, version.files as unknown as BroughtFile[]);
    const { revision } = await tx.graph.update({
      where: { id: graphId },
      data: {
        document: checked(document),
        name: document.name,
        description: document.description,
        originTemplateVersion: to,
        revision: { increment: 1 },
      },
      select: { revision: true },
    });
    await tellSaved(tx, { graph: graphId, revision, window: "" });
    return { number: to, kept };
  });
}
