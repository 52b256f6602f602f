import "server-only";
import { tracked } from "@trpc/server";
import * as z from "zod";
import { type Actor, userOf } from "../access/actor";
import { must, mustEach, mustRun, mustRunAgain } from "../access/may";
import { whileSeen } from "../access/while-allowed";
import type { Db } from "../db";
import { checked } from "../graphs/checked";
import { listener } from "../jobs/notify";
import { cancelRuns } from "../runs/cancel";
import { compareRuns } from "../runs/compare";
import { createRun, ownerOfRun, runAgain } from "../runs/create";
import { curvesOf } from "../runs/curves";
import { foreseeRun } from "../runs/foresee";
import { lastEventOf } from "../runs/events";
import { moveRun, readQueue, runNext } from "../runs/queue";
import { runFilter } from "../runs/filter";
import { goOnFrom, keptTrainings } from "../runs/go-on";
import { countRuns, listRuns, remarkOn, runFacets } from "../runs/list";
import { readRun } from "../runs/read";
import { pinFromRun } from "../runs/pin";
import { removeRuns } from "../runs/remove";
import { storedSlice } from "../runs/stored-slice";
import { storedTable } from "../runs/stored-table";
import { watchRun } from "../runs/watch";
import { blobs } from "../storage/open";
import { notFound, procedure, router } from "./trpc";

const id = z.uuid();
const askedBy = z.string().max(64).optional();
const sortable = ["createdAt", "name", "status", "took"] as const;
const numberColumn = z.templateLiteral(["number:", z.string().min(1).max(400)]);
const noTargets = "it names no node; “all” asks for everything";

export const runs = router({
  /** Runs that were asked for one by one, newest first; those of a sweep are in its table. */
  list: procedure
    .input(
      runFilter.extend({
        take: z.int().min(1).max(500).default(100),
        offset: z.int().min(0).max(1_000_000).default(0),
        order: z.object({ by: z.union([z.enum(sortable), numberColumn]), descending: z.boolean() }).optional(),
      }),
    )
    .query(async ({ ctx, input: { take, offset, order, ...filter } }) => {
      await mustList(ctx);
      return listRuns(ctx.db, ctx.actor, filter, { take, offset, order });
    }),
  count: procedure.input(runFilter).query(async ({ ctx, input }) => {
    await mustList(ctx);
    return countRuns(ctx.db, ctx.actor, input);
  }),
  /** By what runs can be found. */
  facets: procedure.query(async ({ ctx }) => {
    await mustList(ctx);
    return runFacets(ctx.db, ctx.actor);
  }),
  /** A star, tags, a note. */
  remark: procedure
    .input(
      z.object({
        ids: z.array(id).min(1).max(1000),
        starred: z.boolean().optional(),
        tags: z.array(z.string().max(60)).max(20).optional(),
        note: z.string().max(4000).optional(),
      }),
    )
    .mutation(async ({ ctx, input: { ids, ...remarks } }) => {
      await mustEach(ctx.db, ctx.actor, "change", "run", ids);
      if (!(await remarkOn(ctx.db, ids, remarks))) throw notFound("This run");
    }),

  get: procedure.input(z.object({ id })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "run", id: input.id });
    const run = await readRun(ctx.db, input.id);
    if (!run) throw notFound("This run");
    return run;
  }),

  create: procedure
    .input(
      z.object({
        graphId: id.optional(),
        document: z.unknown(),
        targets: z.union([z.literal("all"), z.array(z.string()).min(1, noTargets).max(2000)]).default("all"),
        soundOnly: z.boolean().optional(),
        next: z.boolean().optional(),
        askedBy,
      }),
    )
    .mutation(async ({ ctx, input: { targets, ...input } }) => {
      const document = checked(input.document);
      await mustRun(ctx.db, ctx.actor, input.graphId, document);
      return createRun(ctx.db, {
        ...input,
        document,
        targets: targets === "all" ? [] : targets,
        actor: ctx.actor,
      });
    }),
  /** What a run would compute, why, and for how long; a mutation, since a graph is too large for an address. */
  foresee: procedure
    .input(
      z.object({ graphId: id.optional(), document: z.unknown(), targets: z.array(z.string()).max(2000).optional() }),
    )
    .mutation(async ({ ctx, input }) => {
      const document = checked(input.document);
      await mustRun(ctx.db, ctx.actor, input.graphId, document);
      const { teamId } = await ownerOfRun(ctx.db, ctx.actor, input.graphId);
      return (await foreseeRun(ctx.db, { ...input, document, teamId })) ?? null;
    }),
  /** The same again, as it was or with what its graph is today. */
  again: procedure
    .input(z.object({ id, today: z.boolean().default(false), next: z.boolean().optional(), askedBy }))
    .mutation(async ({ ctx, input: { id: which, ...how } }) => {
      await mustRunAgain(ctx.db, ctx.actor, which);
      const run = await runAgain(ctx.db, which, { ...how, actor: ctx.actor });
      if (!run) throw notFound("This run");
      return run;
    }),

  /** The trainings of a run that can go on, with the checkpoints that they kept. */
  trainings: procedure.input(z.object({ id })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "run", id: input.id });
    return keptTrainings(ctx.db, input.id);
  }),
  /** Goes on with a training from one of its checkpoints. */
  goOn: procedure
    .input(
      z.object({
        id,
        node: z.string().max(400),
        step: z.int().min(1),
        until: z.int().min(1).max(10_000_000),
        today: z.boolean().default(false),
        askedBy,
      }),
    )
    .mutation(async ({ ctx, input }) => {
      await mustRunAgain(ctx.db, ctx.actor, input.id);
      const run = await goOnFrom(ctx.db, { ...input, actor: ctx.actor });
      if (!run) throw notFound("This run");
      return run;
    }),

  /** What runs, what waits in order, and what ended last. */
  queue: procedure.query(async ({ ctx }) => {
    await mustList(ctx);
    return readQueue(ctx.db, ctx.actor);
  }),
  /** Moves a run that waits before another one, or to the end. */
  move: procedure
    .input(z.object({ id, before: id.nullable() }))
    .mutation(async ({ ctx, input: { id: moved, before } }) => {
      await mustEach(ctx.db, ctx.actor, "change", "run", before === null ? [moved] : [moved, before]);
      return moveRun(ctx.db, moved, before);
    }),
  next: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "change", { kind: "run", id: input.id });
    return runNext(ctx.db, input.id);
  }),

  /** Keeps a node's result of a run for the document to name it. */
  pin: procedure.input(z.object({ id, node: z.string().max(600) })).mutation(async ({ ctx, input }) => {
    await mustRunAgain(ctx.db, ctx.actor, input.id);
    const pin = await pinFromRun(ctx.db, blobs(), input.id, input.node);
    if (!pin) throw notFound("This run");
    return pin;
  }),

  cancel: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "change", { kind: "run", id: input.id });
    if (!(await cancelRuns(ctx.db, { id: input.id }))) throw notFound("This run");
  }),
  /** Cancels all that was asked for from one browser. */
  cancelMine: procedure.input(z.object({ askedBy: z.string().min(1).max(64) })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "run" });
    await cancelRuns(ctx.db, { ...input, userId: userOf(ctx.actor) ?? undefined });
  }),

  remove: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "change", { kind: "run", id: input.id });
    if (!(await removeRuns(ctx.db, { id: input.id }))) throw notFound("This run");
  }),
  /** Deletes some runs; those that go on are named, and stay. */
  removeMany: procedure.input(z.object({ ids: z.array(id).min(1).max(1000) })).mutation(async ({ ctx, input }) => {
    await mustEach(ctx.db, ctx.actor, "change", "run", input.ids);
    let removed = 0;
    const refused: string[] = [];
    for (const one of input.ids) {
      await removeRuns(ctx.db, { id: one }).then(
        (isRemoved) => (removed += Number(isRemoved)),
        () => refused.push(one),
      );
    }
    return { removed, refused };
  }),

  /** The lines that a run drew, or draws: what charts of several runs are made of. */
  curves: procedure
    .input(z.object({ id, points: z.int().min(2).max(10_000).optional() }))
    .query(async ({ ctx, input }) => {
      await must(ctx.db, ctx.actor, "see", { kind: "run", id: input.id });
      return curvesOf(ctx.db, input.id, input.points);
    }),
  /** What one node of a run gave, as it is shown. */
  previews: procedure.input(z.object({ id, node: z.string().max(400) })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "run", id: input.id });
    return (await lastEventOf(ctx.db, input.id, "node-done", input.node))?.previews ?? {};
  }),
  /** Rows of what one node of a finished run gave; nothing where they are not kept. */
  table: procedure
    .input(z.object({ id, node: z.string().max(600), from: z.int().min(0), count: z.int().min(1).max(500) }))
    .query(async ({ ctx, input: { id: run, ...query } }) => {
      await must(ctx.db, ctx.actor, "see", { kind: "run", id: run });
      return (await storedTable(ctx.db, blobs(), { run, ...query })) ?? null;
    }),
  /** Numbers of a tensor of a finished run; nothing where it is not kept. */
  slice: procedure
    .input(
      z.object({
        id,
        node: z.string().max(600),
        port: z.string().max(100),
        place: z.array(z.int().min(0)).max(16),
        axes: z.tuple([z.int().min(0).max(15), z.int().min(0).max(15)]),
      }),
    )
    .query(async ({ ctx, input: { id: run, ...query } }) => {
      await must(ctx.db, ctx.actor, "see", { kind: "run", id: run });
      return (await storedSlice(ctx.db, blobs(), { run, ...query })) ?? null;
    }),
  /** Some runs side by side: their numbers, and the parameters in which their graphs differ. */
  compare: procedure.input(z.object({ ids: z.array(id).min(1).max(50) })).query(async ({ ctx, input }) => {
    await mustList(ctx);
    return compareRuns(ctx.db, ctx.actor, input.ids);
  }),

  /** A run's events, from the beginning or from where the connection broke; `at` is when each was told. */
  events: procedure.input(z.object({ id, lastEventId: z.string().nullish() })).subscription(async function* ({
    ctx,
    input,
    signal,
  }) {
    const run = { kind: "run", id: input.id } as const;
    await must(ctx.db, ctx.actor, "see", run);
    const watching = whileSeen(ctx.db, ctx.actor, run, signal ?? new AbortController().signal);
    const events = watchRun(ctx.db, listener(), run.id, input.lastEventId ?? undefined, watching.signal);
    for await (const { id, event, at } of events) yield tracked(id, { ...event, at: at.getTime() });
    watching.refuseIfTaken();
  }),
});

/** Lists have what one may see of all runs; strangers are asked to sign in. */
const mustList = ({ db, actor }: { db: Db; actor: Actor }): Promise<void> => must(db, actor, "see", { kind: "run" });
