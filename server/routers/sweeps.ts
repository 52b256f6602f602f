import "server-only";
import * as z from "zod";
import { sweepSpec } from "#nodes/graph/sweep";
import { checked } from "../graphs/checked";
import { cancelRuns } from "../runs/cancel";
import { removeRuns } from "../runs/remove";
import { createSweep } from "../sweeps/create";
import { listSweeps, readSweep } from "../sweeps/read";
import { notFound, procedure, router } from "./trpc";

const id = z.uuid();

export const sweeps = router({
  list: procedure.query(({ ctx }) => listSweeps(ctx.db)),
  get: procedure.input(z.object({ id })).query(async ({ ctx, input }) => {
    const sweep = await readSweep(ctx.db, input.id);
    if (!sweep) throw notFound("This sweep");
    return sweep;
  }),
  create: procedure
    .input(z.object({ graphId: id.optional(), document: z.unknown(), spec: sweepSpec }))
    .mutation(({ ctx, input: { graphId, document, spec } }) =>
      createSweep(ctx.db, { graphId, document: checked(document), spec }),
    ),
  remove: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    if (!(await removeRuns(ctx.db, { sweepId: input.id }))) throw notFound("This sweep");
  }),
  cancel: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    if (!(await cancelRuns(ctx.db, { sweepId: input.id }))) throw notFound("This sweep");
  }),
});
