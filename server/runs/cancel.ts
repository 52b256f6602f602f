import type { Db } from "../db";
import { tellEnds } from "../webhooks/webhooks";

/** A run, all of a sweep, or all that were asked for from one browser; of these only somebody's, if that is said. */
export type WhichRuns = ({ id: string } | { sweepId: string } | { askedBy: string }) & { userId?: string };

/**
 * Asks runs to stop, each by its own id. Those that no worker has are cancelled at once; finished ones stay as
 * they are. False when there are no such runs.
 */
export async function cancelRuns(db: Db, which: WhichRuns): Promise<boolean> {
  return db.$transaction(async (tx) => {
    const waiting = await tx.run.updateManyAndReturn({
      where: { ...which, status: "queued" },
      data: { status: "cancelled", cancelRequested: true, finishedAt: new Date() },
      select: { id: true },
    });
    await tx.runEvent.createMany({
      data: waiting.map(({ id }) => ({ runId: id, attempt: 0, data: { kind: "status", status: "cancelled" } })),
    });
    await tellEnds(
      tx,
      waiting.map(({ id }) => id),
    );
    const running = await tx.run.updateManyAndReturn({
      where: { ...which, status: "running" },
      data: { cancelRequested: true },
      select: { id: true },
    });
    const told = [...waiting, ...running].map(({ id }) => id);
    await tx.$executeRaw`
      select pg_notify('run_cancel', id), pg_notify('run_events', id) from unnest(${told}::text[]) id`;
    return told.length > 0 || (await tx.run.count({ where: which })) > 0;
  });
}
