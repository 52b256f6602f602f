import "server-only";
import * as z from "zod";
import { sweepSpec } from "#nodes/graph/sweep";
import { must, mustRun } from "../access/may";
import { checked } from "../graphs/checked";
import { cancelRuns } from "../runs/cancel";
import { removeRuns } from "../runs/remove";
import { createSweep } from "../sweeps/create";
import { listSweeps, readSweep } from "../sweeps/read";
import { notFound, procedure, router } from "./trpc";

const id = z.uuid();

export const sweeps = router({
  list: procedure.query(async ({ ctx }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "sweep" });
    return listSweeps(ctx.db, ctx.actor);
  }),
  get: procedure.input(z.object({ id })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "sweep", id: input.id });
    const sweep = await readSweep(ctx.db, input.id);
    if (!sweep) throw notFound("This sweep");
    return sweep;
  }),
  create: procedure
    .input(z.object({ graphId: id.optional(), document: z.unknown(), spec: sweepSpec }))
    .mutation(async ({ ctx, input: { graphId, document: sent, spec } }) => {
      const document = checked(sent);
      await mustRun(ctx.db, ctx.actor, graphId, document);
      return createSweep(ctx.db, { graphId, document, spec, actor: ctx.actor });
    }),
  remove: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "change", { kind: "sweep", id: input.id });
    if (!(await removeRuns(ctx.db, { sweepId: input.id }))) throw notFound("This sweep");
  }),
  cancel: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "change", { kind: "sweep", id: input.id });
    if (!(await cancelRuns(ctx.db, { sweepId: input.id }))) throw notFound("This sweep");
  }),
});
