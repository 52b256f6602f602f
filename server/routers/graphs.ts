import "server-only";
import * as z from "zod";
import { cutText } from "#models/files/text";
import type { GraphDocument } from "#nodes/graph/document";
import type { Actor } from "../access/actor";
import { bringFiles, reachable } from "../access/files";
import { must } from "../access/may";
import { whileSeen } from "../access/while-allowed";
import { madeBy } from "../access/working-team";
import type { Db } from "../db";
import { checked, emptyDocument } from "../graphs/checked";
import { listGraphs } from "../graphs/list";
import { watchGraph } from "../graphs/news";
import { type Origin, originOfCopy } from "../graphs/origin";
import { saveGraph } from "../graphs/save";
import { listVersions, nameVersion, renameVersion, restoreVersion } from "../graphs/versions";
import { listener } from "../jobs/notify";
import { blobs } from "../storage/open";
import { readTemplate } from "../templates";
import { notFound, procedure, router } from "./trpc";

const id = z.uuid();
const fileRef = z.string().regex(/^[0-9a-f]{64}$/);
const label = z.string().trim().max(100);
/** A window of a browser, as it names itself. */
const windowId = z.string().regex(/^[\w-]{1,64}$/);
const graphWindow = z.object({ id: windowId, since: z.number(), agent: z.string().max(60) });
/** What a new graph begins as: a template, another graph, a file's JSON, or nothing. */
const graphSource = z.intersection(
  z.union([
    z.object({ template: z.string() }),
    z.object({ from: id }),
    z.object({ document: z.unknown() }),
    z.object({}),
  ]),
  z.object({ team: id.optional() }),
);

export const graphs = router({
  list: procedure.query(async ({ ctx }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "graph" });
    return listGraphs(ctx.db, ctx.actor);
  }),

  get: procedure.input(z.object({ id })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "graph", id: input.id });
    const graph = await ctx.db.graph.findFirst({ where: { id: input.id, deletedAt: null } });
    if (!graph) throw notFound("This graph");
    return {
      id: graph.id,
      revision: graph.revision,
      document: checked(graph.document),
    };
  }),

  /** A new graph: empty, from a template, from another graph, or from a file's JSON. */
  create: procedure.input(graphSource).mutation(async ({ ctx, input }) => {
    const { team } = input;
    await must(ctx.db, ctx.actor, "change", { kind: "graph", team });
    const { document, origin } = await sourceOf(ctx.db, ctx.actor, input);
    const { name, description } = document;
    const owner = await madeBy(ctx.db, ctx.actor, team);
    await bringFiles(ctx.db, ctx.actor, owner.teamId, document);
    return ctx.db.graph.create({ data: { ...owner, ...origin, name, description, document }, select: { id: true } });
  }),

  /** Saves what the editor holds; refused where it builds on an older revision than the stored one. */
  save: procedure
    .input(z.object({ id, revision: z.int32().min(1), document: z.unknown(), window: windowId.optional() }))
    .mutation(async ({ ctx, input }) => {
      await must(ctx.db, ctx.actor, "change", { kind: "graph", id: input.id });
      return saveGraph(ctx.db, { ...input, document: checked(input.document), actor: ctx.actor });
    }),

  /** Who else shows a graph, and when it is saved. */
  watch: procedure.input(z.object({ id, window: graphWindow })).subscription(async function* ({ ctx, input, signal }) {
    const graph = { kind: "graph", id: input.id } as const;
    await must(ctx.db, ctx.actor, "see", graph);
    const watching = whileSeen(ctx.db, ctx.actor, graph, signal ?? new AbortController().signal);
    yield* watchGraph(ctx.db, listener(), { graph: input.id, window: input.window, signal: watching.signal });
    watching.refuseIfTaken();
  }),

  /** What the nodes of a template say, by which it is told what somebody set; nothing where it is no longer there. */
  template: procedure.input(z.object({ id: z.string().max(100) })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "installation" });
    const template = await readTemplate(input.id);
    if (!template) return null;
    const { name, nodes, composites = {} } = template;
    const levels = Object.entries(composites).map(([id, each]) => [id, paramsOf(each.nodes)] as const);
    return { name, params: paramsOf(nodes), composites: Object.fromEntries(levels) };
  }),

  /** Which of these uploads are not in this installation's store, as far as one may see it. */
  missingFiles: procedure.input(z.object({ refs: z.array(fileRef).max(5000) })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "graph" });
    const mine = await reachable(ctx.db, ctx.actor, input.refs);
    const isThere = await Promise.all(input.refs.map((ref) => mine.has(ref) && blobs().has(ref)));
    return input.refs.filter((_, i) => !isThere[i]);
  }),

  remove: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "change", { kind: "graph", id: input.id });
    const { count } = await ctx.db.graph.updateMany({ where: { id: input.id }, data: { deletedAt: new Date() } });
    if (!count) throw notFound("This graph");
  }),
  restore: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "change", { kind: "graph", id: input.id });
    const { count } = await ctx.db.graph.updateMany({ where: { id: input.id }, data: { deletedAt: null } });
    if (!count) throw notFound("This graph");
  }),
  versions: procedure.input(z.object({ id })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "graph", id: input.id });
    return listVersions(ctx.db, input.id);
  }),

  version: procedure.input(z.object({ id })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "version", id: input.id });
    const version = await ctx.db.graphVersion.findUnique({ where: { id: input.id } });
    if (!version) throw notFound("This version");
    const { graphId, number, label, createdAt } = version;
    return { graphId, number, label, createdAt, document: checked(version.document) };
  }),

  /** Keeps the state that is stored under a name. */
  nameVersion: procedure.input(z.object({ id, label: label.min(1) })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "change", { kind: "graph", id: input.id });
    return nameVersion(ctx.db, { graphId: input.id, label: input.label });
  }),

  renameVersion: procedure.input(z.object({ id, label })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "change", { kind: "version", id: input.id });
    return renameVersion(ctx.db, input);
  }),

  /** Goes back to a version; the present state is kept as one first. */
  restoreVersion: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "change", { kind: "version", id: input.id });
    return restoreVersion(ctx.db, input.id);
  }),
});

function paramsOf(nodes: GraphDocument["nodes"]): Record<string, GraphDocument["nodes"][string]["params"]> {
  return Object.fromEntries(Object.entries(nodes).map(([id, { params }]) => [id, params]));
}

interface Begun {
  document: GraphDocument;
  /** Columns of the graph that say where it came from. */
  origin?: Origin;
}

async function sourceOf(db: Db, actor: Actor, source: z.output<typeof graphSource>): Promise<Begun> {
  if ("template" in source) {
    const template = await readTemplate(source.template);
    if (!template) throw notFound("This template");
    return { document: { ...template, template: source.template } };
  }
  if ("from" in source) {
    await must(db, actor, "see", { kind: "graph", id: source.from });
    const graph = await db.graph.findFirst({ where: { id: source.from, deletedAt: null } });
    if (!graph) throw notFound("This graph");
    const document = checked(graph.document);
    return { document: { ...document, name: copyName(document.name) }, origin: await originOfCopy(db, graph) };
  }
  return { document: "document" in source ? checked(source.document) : emptyDocument() };
}

/** A name may have 200 UTF-16 units; one that is as long gives way to what says that this is a copy. */
const copyName = (name: string): string => `${cutText(name, 190)} (copy)`;
