import type { Tx } from "../db";

/**
 * The priority of somebody's new run, so that nobody waits for all that another one asked for: the first runs that
 * each has waiting take turns, then the second ones, and so on. A turn begins where the run that goes on now was in
 * its owner's, so that who comes later is not behind, nor before, those who waited. Without an account, 0: first come,
 * first served.
 */
export async function fairPriority(tx: Tx, userId: string | null): Promise<number> {
  if (userId === null) return 0;
  const [own, now] = await Promise.all([
    tx.run.aggregate({ where: { userId, status: { in: ["queued", "running"] } }, _min: { priority: true } }),
    tx.run.aggregate({ where: { status: "running" }, _min: { priority: true } }),
  ]);
  const behindOwn = own._min.priority === null ? 0 : own._min.priority - 1;
  return Math.min(0, behindOwn, now._min.priority ?? 0);
}
