import type { Db } from "../db";

/** Asks for a run to stop. One that no worker has is cancelled at once; a finished one stays as it is. False when there is no such run. */
export async function cancelRun(db: Db, id: string): Promise<boolean> {
  return db.$transaction(async (tx) => {
    const waiting = await tx.run.updateMany({ where: { id, status: "queued" }, data: { status: "cancelled", cancelRequested: true, finishedAt: new Date() } });
    if (waiting.count) await tx.runEvent.create({ data: { runId: id, attempt: 0, data: { kind: "status", status: "cancelled" } } });
    else await tx.run.updateMany({ where: { id, status: "running" }, data: { cancelRequested: true } });
    await tx.$executeRaw`select pg_notify('run_cancel', ${id}), pg_notify('run_events', ${id})`;
    return (await tx.run.count({ where: { id } })) > 0;
  });
}
