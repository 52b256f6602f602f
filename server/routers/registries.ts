import "server-only";
import * as z from "zod";
import { must } from "../access/may";
import { listRegistries, refreshRegistries, subscribe, unsubscribe } from "../registries/registries";
import { procedure, router } from "./trpc";

/** The registries of templates that this installation is subscribed to: the operator's business. */
export const registries = router({
  list: procedure.query(async ({ ctx }) => {
    await must(ctx.db, ctx.actor, "operate", { kind: "installation" });
    return listRegistries(ctx.db);
  }),

  subscribe: procedure
    .input(z.object({ address: z.string().min(1).max(2000) }))
    .mutation(({ ctx, input }) => subscribe(ctx.db, ctx.actor, input.address)),

  unsubscribe: procedure
    .input(z.object({ id: z.uuid() }))
    .mutation(({ ctx, input }) => unsubscribe(ctx.db, ctx.actor, input.id)),

  /** Reads all indexes again. */
  refresh: procedure.mutation(async ({ ctx }) => {
    await must(ctx.db, ctx.actor, "operate", { kind: "installation" });
    await refreshRegistries(ctx.db, 0);
  }),
});
