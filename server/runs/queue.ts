import type { PublicError, RunStatus } from "#nodes/graph/events";
import type { Actor } from "../access/actor";
import { visible } from "../access/visible";
import type { Db, Tx } from "../db";
import { Failure } from "../errors";
import { setPriorities } from "../jobs/queue";
import { fairPriority } from "./fair";
import { prioritiesFor, type Waiting } from "./order";

/** What the tray of every page shows of a run. */
export interface QueuedRun {
  id: string;
  graphId: string | null;
  name: string;
  status: RunStatus;
  sweepId: string | null;
  number: number | null;
  askedBy: string | null;
  /** It was asked to stop, and has not stopped yet. */
  cancelRequested: boolean;
  error: PublicError | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  progress?: { node: string; done: number; of: number };
}

export interface Queue {
  running: QueuedRun[];
  /** The first of those that wait, in the order in which they will be taken. */
  waiting: QueuedRun[];
  /** How many wait in all. */
  waits: number;
  /** Those that ended last, the last first. */
  ended: QueuedRun[];
}

const columns = {
  id: true,
  graphId: true,
  name: true,
  status: true,
  sweepId: true,
  number: true,
  askedBy: true,
  cancelRequested: true,
  error: true,
  createdAt: true,
  startedAt: true,
  finishedAt: true,
} as const;

const shownWaiting = 100;
const shownEnded = 6;
const inOrder = [{ priority: "desc" as const }, { createdAt: "asc" as const }, { id: "asc" as const }];

/** What runs, what waits for it in order, and what ended last. */
export async function readQueue(db: Db, actor: Actor): Promise<Queue> {
  const mine = visible(actor).run;
  const [running, waiting, waits, ended] = await Promise.all([
    db.run.findMany({ where: { status: "running", ...mine }, orderBy: { startedAt: "asc" }, select: columns }),
    db.run.findMany({ where: { status: "queued", ...mine }, orderBy: inOrder, take: shownWaiting, select: columns }),
    db.run.count({ where: { status: "queued", ...mine } }),
    db.run.findMany({
      where: { status: { in: ["done", "failed", "cancelled"] }, sweepId: null, ...mine },
      orderBy: { finishedAt: { sort: "desc", nulls: "last" } },
      take: shownEnded,
      select: columns,
    }),
  ]);
  return {
    running: await Promise.all(running.map(async (run) => ({ ...asQueued(run), ...(await progressOf(db, run.id)) }))),
    waiting: waiting.map(asQueued),
    waits,
    ended: ended.map(asQueued),
  };
}

function asQueued<Row extends { error: unknown }>(row: Row): Row & { error: PublicError | null } {
  return { ...row, error: row.error as PublicError | null };
}

/** How far the node is that told of its progress last, if it is still at work. */
async function progressOf(db: Db, runId: string): Promise<Pick<QueuedRun, "progress">> {
  const [last] = await db.$queryRaw<{ data: { kind: string; node: string; done?: number; of?: number } }[]>`
    select "data" from "RunEvent" where "runId" = ${runId}::uuid
      and "data"->>'kind' in ('node-progress', 'node-done', 'node-start')
    order by "id" desc limit 1`;
  const { node, done, of } = last?.data ?? {};
  return node === undefined || done === undefined || of === undefined ? {} : { progress: { node, done, of } };
}

/**
 * Moves a run that waits before another one, or behind all of them. The order is that of the jobs as well: workers take
 * them by it.
 */
export async function moveRun(db: Db, id: string, before: string | null): Promise<void> {
  await db.$transaction(async (tx) => {
    const waiting = await lockWaiting(tx);
    const moved = waiting.find((run) => run.id === id);
    if (!moved) throw tooLate();
    const order = waiting.filter((run) => run !== moved);
    const found = before === null ? -1 : order.findIndex((run) => run.id === before);
    if (before !== null && found < 0) throw tooLate();
    const place = found < 0 ? order.length : found;
    order.splice(place, 0, moved);
    await raise(tx, prioritiesFor(order, place));
  });
}

/** Moves a run before all others that wait; somebody's with an account, before all of theirs. */
export async function runNext(db: Db, id: string): Promise<void> {
  const moved = await db.run.findUnique({ where: { id }, select: { userId: true } });
  const own = moved?.userId ? { userId: moved.userId } : {};
  const [first] = await db.run.findMany({ where: { status: "queued", ...own }, orderBy: inOrder, take: 1 });
  if (first && first.id !== id) await moveRun(db, id, first.id);
}

/**
 * The priority that a new run needs to be taken before all that wait; somebody with an account, before all of theirs.
 */
export async function foremostPriority(tx: Tx, userId: string | null): Promise<number> {
  const own = userId === null ? {} : { userId };
  const { _max } = await tx.run.aggregate({ where: { status: "queued", ...own }, _max: { priority: true } });
  if (userId !== null) return _max.priority === null ? fairPriority(tx, userId) : _max.priority + 1;
  return Math.max(0, (_max.priority ?? -1) + 1);
}

const tooLate = (): Failure =>
  new Failure({ message: "This run does not wait any more.", hint: "It has begun, or was taken out of the queue." });

/** Those that wait, in order; nobody else moves any of them meanwhile. */
async function lockWaiting(tx: Tx): Promise<Waiting[]> {
  return tx.$queryRaw<Waiting[]>`select "id", "priority" from "Run" where "status" = 'queued'
    order by "priority" desc, "createdAt", "id" for update`;
}

async function raise(tx: Tx, priorities: ReadonlyMap<string, number>): Promise<void> {
  for (const [id, priority] of priorities) await tx.run.update({ where: { id }, data: { priority } });
  await setPriorities("run", priorities, tx);
}
