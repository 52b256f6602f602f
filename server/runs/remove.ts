import * as z from "zod";
import type { Db } from "../db";
import { Failure } from "../errors";
import { holdersIn } from "../storage/blobs";
import { blobs } from "../storage/open";

/** Deletes a run, or a sweep with all its runs. Refused while one of them goes on. False when there is none. */
export async function removeRuns(db: Db, which: { id: string } | { sweepId: string }): Promise<boolean> {
  const runs = await db.run.findMany({ where: which, select: { id: true } });
  const isRemoved = await db.$transaction(async (tx) => {
    if (await tx.run.count({ where: { ...which, status: { in: ["queued", "running"] } } }))
      throw new Failure({
        message: "id" in which ? "This run goes on." : "Runs of this sweep go on.",
        hint: "Stop it first; then it can be deleted.",
      });
    const { count } =
      "id" in which
        ? await tx.run.deleteMany({ where: which })
        : await tx.sweep.deleteMany({ where: { id: which.sweepId } });
    return count > 0;
  });
  if (isRemoved) for (const { id } of runs) await blobs().release(id);
  return isRemoved;
}

/** Lets go of what runs held that are not there any more, such as those of a database that was thrown away. */
export async function releaseGone(db: Db): Promise<void> {
  const holders = (await holdersIn(blobs().root)).filter((name) => z.uuid().safeParse(name).success);
  const runs = await db.run.findMany({ where: { id: { in: holders } }, select: { id: true } });
  const there = new Set(runs.map(({ id }) => id));
  for (const name of holders) if (!there.has(name)) await blobs().release(name);
}
