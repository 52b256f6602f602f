import "server-only";
import * as z from "zod";
import { must } from "../access/may";
import { checked } from "../graphs/checked";
import { listComposites, readComposite, removeComposite, saveComposite } from "../library/composites";
import { notFound, procedure, router } from "./trpc";

const id = z.uuid();

/** "My nodes": composites that graphs have copies of. */
export const composites = router({
  list: procedure.query(async ({ ctx }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "composite" });
    return listComposites(ctx.db, ctx.actor);
  }),

  get: procedure.input(z.object({ id })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "composite", id: input.id });
    const entry = await readComposite(ctx.db, input.id);
    if (!entry) throw notFound("This composite");
    return entry;
  }),

  /** A composite of a graph as a new entry, or, with an `id`, as the next version of that one. */
  save: procedure
    .input(z.object({ id: id.optional(), document: z.unknown(), composite: z.string().max(64) }))
    .mutation(async ({ ctx, input }) => {
      await must(ctx.db, ctx.actor, "change", { kind: "composite", id: input.id });
      return saveComposite(ctx.db, ctx.actor, { ...input, document: checked(input.document) });
    }),

  remove: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "change", { kind: "composite", id: input.id });
    if (!(await removeComposite(ctx.db, input.id))) throw notFound("This composite");
  }),
});
