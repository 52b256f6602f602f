import "server-only";
import * as z from "zod";
import { may, must } from "../access/may";
import type { Actor } from "../access/actor";
import type { Db } from "../db";
import { freeze, type Source } from "../links/freeze";
import { changeLink, listLinks, makeLink, revokeLink } from "../links/links";
import { procedure, router } from "./trpc";

const id = z.uuid();
const chosen = z.object({
  source: z.union([z.object({ version: id, run: id.optional() }), z.object({ runs: z.array(id).min(1).max(50) })]),
  leaveOut: z.object({
    files: z.boolean().optional(),
    paths: z.boolean().optional(),
    notes: z.boolean().optional(),
    names: z.boolean().optional(),
  }),
  resultFiles: z.boolean(),
  nodes: z.array(z.string().max(600)).max(2000).optional(),
});
const fileRef = z.string().regex(/^[0-9a-f]{64}$/);
const side = z.int().min(1).max(16_384);
const days = z.int().min(1).max(3650);
const password = z.string().min(4, "a password has at least 4 letters").max(200);
const sites = z.array(z.string().trim().min(1).max(300)).max(20);

/** Links as their sharers have them. Visitors come by addresses: app/s, app/embed. */
export const links = router({
  /** Those of a graph; or all. */
  list: procedure.input(z.object({ graph: id.optional() })).query(async ({ ctx, input }) => {
    const { db, actor } = ctx;
    if (input.graph) await must(db, actor, "share", { kind: "graph", id: input.graph });
    else await must(db, actor, "see", { kind: "link" });
    const links = await listLinks(db, input.graph);
    const isTheirs = await Promise.all(
      links.map(({ id: link }) => may(db, actor, "share", { kind: "link", id: link })),
    );
    return links.filter((_, i) => isTheirs[i]);
  }),

  /** What would leave with a link, before one is made. */
  leaves: procedure.input(chosen).query(async ({ ctx, input }) => {
    await mayShare(ctx.db, ctx.actor, input.source);
    return (await freeze(ctx.db, input)).leaves;
  }),

  make: procedure
    .input(
      chosen.extend({
        title: z.string().trim().max(200).optional(),
        days: days.optional(),
        password: password.optional(),
        sites,
        picture: z.object({ ref: fileRef, width: side, height: side }).optional(),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      await mayShare(ctx.db, ctx.actor, input.source);
      if (input.picture) await must(ctx.db, ctx.actor, "see", { kind: "file", id: input.picture.ref });
      return makeLink(ctx.db, ctx.actor, input);
    }),

  revoke: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    await mayChange(ctx.db, ctx.actor, input.id);
    await revokeLink(ctx.db, input.id);
  }),

  /** Who may frame it, how long it is there, and its password; what it shows is frozen. */
  change: procedure
    .input(
      z.object({
        id,
        sites: sites.optional(),
        days: days.nullable().optional(),
        password: password.nullable().optional(),
      }),
    )
    .mutation(async ({ ctx, input: { id: link, ...change } }) => {
      await mayChange(ctx.db, ctx.actor, link);
      await changeLink(ctx.db, link, change);
    }),
});

async function mayShare(db: Db, actor: Actor, source: Source): Promise<void> {
  if ("version" in source) await must(db, actor, "share", { kind: "version", id: source.version });
  const runs = "runs" in source ? source.runs : [source.run ?? []].flat();
  for (const run of runs) await must(db, actor, "share", { kind: "run", id: run });
}

/** Who may see a link in a list may take it back. */
async function mayChange(db: Db, actor: Actor, id: string): Promise<void> {
  await must(db, actor, "share", { kind: "link", id });
}
