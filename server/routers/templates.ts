import "server-only";
import * as z from "zod";
import { must } from "../access/may";
import { publication, publish, visibilities } from "../publish/publish";
import { measuredOfVersion } from "../publish/needs";
import { documentOfVersion, listPublished, readTemplateDetails, templateOfGraph } from "../publish/read";
import { originOf, takeUpdate, updateOf } from "../publish/updates";
import { useTemplate } from "../publish/use";
import { setVisibility, withdraw } from "../publish/withdraw";
import { registryCards } from "../registries/registries";
import { takeFromRegistry } from "../registries/take";
import { registryUpdateOf, takeRegistryUpdate } from "../registries/updates";
import { blobs } from "../storage/open";
import { listTemplates } from "../templates";
import { procedure, router } from "./trpc";

const id = z.uuid();
const number = z.int().min(1);
const graphId = z.object({ graphId: id });

export const templates = router({
  /** What ships with Patchbay, what was published here, and what registries have. */
  list: procedure.query(async ({ ctx }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "template" });
    const [shipped, published, registries] = await Promise.all([
      listTemplates(),
      listPublished(ctx.db, ctx.actor),
      registryCards(ctx.db),
    ]);
    return { shipped, published, registries };
  }),

  get: procedure
    .input(z.object({ id, number: number.optional() }))
    .query(({ ctx, input }) => readTemplateDetails(ctx.db, ctx.actor, input.id, input.number)),

  document: procedure.input(z.object({ id, number })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "template", id: input.id });
    return documentOfVersion(ctx.db, input.id, input.number);
  }),

  /** What a graph is published as, to go on from there; null where it is not. */
  ofGraph: procedure.input(graphId).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "graph", id: input.graphId });
    return templateOfGraph(ctx.db, ctx.actor, input.graphId);
  }),

  /** What the last run of a version took; null where it was never run to its end. */
  measured: procedure.input(z.object({ version: id })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "version", id: input.version });
    return measuredOfVersion(ctx.db, input.version);
  }),

  publish: procedure.input(publication).mutation(({ ctx, input }) => publish(ctx.db, blobs(), ctx.actor, input)),

  withdraw: procedure.input(z.object({ id })).mutation(({ ctx, input }) => withdraw(ctx.db, ctx.actor, input.id)),

  setVisibility: procedure
    .input(z.object({ id, visibility: z.enum(visibilities) }))
    .mutation(({ ctx, input }) => setVisibility(ctx.db, ctx.actor, input)),

  /** A graph of one's own, made of a template. */
  use: procedure
    .input(z.object({ id, number: number.optional(), team: id.optional() }))
    .mutation(({ ctx, input }) => useTemplate(ctx.db, ctx.actor, input)),

  /** The same of a template that a registry has: its bundle is taken in first. */
  useFromRegistry: procedure
    .input(z.object({ registry: id, template: id, team: id.optional() }))
    .mutation(async ({ ctx, input }) => {
      await must(ctx.db, ctx.actor, "change", { kind: "graph", team: input.team });
      const taken = await takeFromRegistry(ctx.db, blobs(), ctx.actor, input);
      return useTemplate(ctx.db, ctx.actor, { ...taken, team: input.team });
    }),

  /** Where a graph came from, and whether that has become something newer. */
  origin: procedure.input(graphId).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "graph", id: input.graphId });
    const [origin, fromRegistry] = await Promise.all([
      originOf(ctx.db, ctx.actor, input.graphId),
      registryUpdateOf(ctx.db, ctx.actor, input.graphId),
    ]);
    return { ...origin, fromRegistry };
  }),

  /** Takes the newest version of a graph's template in from its registry, so that its update can be looked at. */
  fetchUpdate: procedure
    .input(graphId)
    .mutation(({ ctx, input }) => takeRegistryUpdate(ctx.db, blobs(), ctx.actor, input.graphId)),

  update: procedure
    .input(graphId)
    .query(async ({ ctx, input }) => (await updateOf(ctx.db, ctx.actor, input.graphId)) ?? null),

  takeUpdate: procedure.input(graphId).mutation(({ ctx, input }) => takeUpdate(ctx.db, ctx.actor, input.graphId)),
});
