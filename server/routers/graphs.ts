import "server-only";
import { TRPCError } from "@trpc/server";
import * as z from "zod";
import { cutText } from "#models/files/text";
import type { GraphDocument } from "#nodes/graph/document";
import type { Db } from "../db";
import { checked, emptyDocument } from "../graphs/checked";
import { listGraphs } from "../graphs/list";
import { readTemplate } from "../templates";
import { notFound, procedure, router } from "./trpc";

const id = z.uuid();
/** What a new graph begins as: a template, another graph, a file's JSON, or nothing. */
const graphSource = z.union([
  z.object({ template: z.string() }),
  z.object({ from: id }),
  z.object({ document: z.unknown() }),
  z.object({}),
]);

export const graphs = router({
  list: procedure.query(({ ctx }) => listGraphs(ctx.db)),

  get: procedure.input(z.object({ id })).query(async ({ ctx, input }) => {
    const graph = await ctx.db.graph.findFirst({ where: { id: input.id, deletedAt: null } });
    if (!graph) throw notFound("This graph");
    return {
      id: graph.id,
      revision: graph.revision,
      publishedAt: graph.publishedAt,
      document: checked(graph.document),
    };
  }),

  /** A new graph: empty, from a template, from another graph, or from a file's JSON. */
  create: procedure.input(graphSource).mutation(async ({ ctx, input }) => {
    const document = await sourceOf(ctx.db, input);
    const { name, description } = document;
    return ctx.db.graph.create({ data: { name, description, document }, select: { id: true } });
  }),

  /**
   * Saves what the editor holds. A save that builds on an older revision than the stored one is refused, and nothing is
   * overwritten; one that is sent again, because its answer was lost, is not.
   */
  save: procedure
    .input(z.object({ id, revision: z.int32().min(1), document: z.unknown() }))
    .mutation(async ({ ctx, input: { id, revision, ...input } }) => {
      const document = checked(input.document);
      const saved = await ctx.db.graph.updateMany({
        where: { id, revision, deletedAt: null },
        data: { document, name: document.name, description: document.description, revision: { increment: 1 } },
      });
      if (saved.count) return { revision: revision + 1 };
      const stored = await ctx.db.graph.findFirst({
        where: { id, deletedAt: null },
        select: { revision: true, document: true },
      });
      if (!stored) throw notFound("This graph");
      if (stored.revision === revision + 1 && JSON.stringify(stored.document) === JSON.stringify(document))
        return { revision: stored.revision };
      throw new TRPCError({
        code: "CONFLICT",
        message:
          "This graph was changed in another window meanwhile. Reload to see that state, or save yours as a copy.",
      });
    }),

  publish: procedure.input(z.object({ id, published: z.boolean() })).mutation(async ({ ctx, input }) => {
    const { count } = await ctx.db.graph.updateMany({
      where: { id: input.id, deletedAt: null },
      data: { publishedAt: input.published ? new Date() : null },
    });
    if (!count) throw notFound("This graph");
  }),
  remove: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    const { count } = await ctx.db.graph.updateMany({ where: { id: input.id }, data: { deletedAt: new Date() } });
    if (!count) throw notFound("This graph");
  }),
  restore: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    const { count } = await ctx.db.graph.updateMany({ where: { id: input.id }, data: { deletedAt: null } });
    if (!count) throw notFound("This graph");
  }),
  versions: procedure.input(z.object({ id })).query(({ ctx, input }) =>
    ctx.db.graphVersion.findMany({
      where: { graphId: input.id },
      orderBy: { number: "desc" },
      take: 100,
      select: { id: true, number: true, label: true, createdAt: true },
    }),
  ),
  version: procedure.input(z.object({ id })).query(async ({ ctx, input }) => {
    const version = await ctx.db.graphVersion.findUnique({ where: { id: input.id } });
    if (!version) throw notFound("This version");
    return { number: version.number, document: checked(version.document) };
  }),
});

async function sourceOf(db: Db, source: z.output<typeof graphSource>): Promise<GraphDocument> {
  if ("template" in source) {
    const template = await readTemplate(source.template);
    if (!template) throw notFound("This template");
    return template;
  }
  if ("from" in source) {
    const graph = await db.graph.findFirst({ where: { id: source.from, deletedAt: null } });
    if (!graph) throw notFound("This graph");
    const document = checked(graph.document);
    return { ...document, name: copyName(document.name) };
  }
  return "document" in source ? checked(source.document) : emptyDocument();
}

/** A name may have 200 UTF-16 units; one that is as long gives way to what says that this is a copy. */
const copyName = (name: string): string => `${cutText(name, 190)} (copy)`;
