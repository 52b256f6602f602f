import "server-only";
import * as z from "zod";
import { publishedForm } from "#nodes/graph/published-form";
import { may, must } from "../access/may";
import { appOfAll, appsOfGraph, listApps, openApp, publishApp, removeApp, startApp } from "../links/apps";
import { procedure, router } from "./trpc";

const id = z.uuid();
const appId = z.string().max(100);

/** Versions of graphs as forms with results, for those who do not wire. */
export const apps = router({
  /** Those of a graph; or those that ship, and all that may be seen. */
  list: procedure.input(z.object({ graph: id.optional() })).query(async ({ ctx: { db, actor }, input }) => {
    if (input.graph) await must(db, actor, "see", { kind: "graph", id: input.graph });
    else await must(db, actor, "see", { kind: "app" });
    const found = await listApps(db, input.graph);
    const isTheirs = await Promise.all(found.map((app) => app.isShipped || may(db, actor, "see", appOfAll(app.id))));
    return found.filter((_, i) => isTheirs[i]);
  }),

  /** Those of a graph with their forms, to go on from there. */
  ofGraph: procedure.input(z.object({ graph: id })).query(async ({ ctx: { db, actor }, input }) => {
    await must(db, actor, "share", { kind: "graph", id: input.graph });
    return appsOfGraph(db, input.graph);
  }),

  publish: procedure
    .input(
      z.object({
        id: id.optional(),
        version: id,
        title: z.string().trim().max(200),
        text: z.string().max(5000),
        form: publishedForm,
      }),
    )
    .mutation(async ({ ctx, input }) => {
      await must(ctx.db, ctx.actor, "share", { kind: "version", id: input.version });
      return publishApp(ctx.db, input);
    }),

  remove: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "share", { kind: "app", id: input.id });
    await removeApp(ctx.db, input.id);
  }),

  /** Runs an app with what was filled in. */
  start: procedure
    .input(
      z.object({ id: appId, values: z.record(z.string().max(200), z.json()), askedBy: z.string().max(64).optional() }),
    )
    .mutation(async ({ ctx: { db, actor }, input }) => {
      const { id: which, ...filled } = input;
      await must(db, actor, "run", appOfAll(which));
      return startApp(db, actor, await openApp(db, which), filled);
    }),
});
