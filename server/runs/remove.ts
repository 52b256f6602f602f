import * as z from "zod";
import type { Db } from "../db";
import { Failure } from "../errors";
import { heldFor, holdersIn } from "../storage/blobs";
import { blobs } from "../storage/open";
import { pinOfHolder } from "../storage/pinned";

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

/**
 * For so long a pinned result stays though no graph names it, in milliseconds: what an open window has unpinned it may
 * bring back by undoing that.
 */
const unpinnedStays = 24 * 60 * 60 * 1000;

/**
 * Lets go of the values of pinned results that no graph names any more, nor a version of one or a run. `stays` is how
 * long they are left alone after they were pinned.
 */
export async function releaseUnpinned(db: Db, stays = unpinnedStays): Promise<string[]> {
  const released: string[] = [];
  const { root } = blobs();
  for (const holder of await holdersIn(root)) {
    const ref = pinOfHolder(holder);
    if (ref === undefined || (await heldFor(root, holder)) < stays || (await isNamed(db, ref))) continue;
    await blobs().release(holder);
    released.push(ref);
  }
  return released;
}

/** Whether a kept document names a blob. */
async function isNamed(db: Db, ref: string): Promise<boolean> {
  const part = `%${ref}%`;
  const [found] = await db.$queryRaw<{ named: boolean }[]>`
    select exists (select 1 from "Graph" where "document"::text like ${part})
      or exists (select 1 from "GraphVersion" where "document"::text like ${part})
      or exists (select 1 from "Run" where "document"::text like ${part}) as "named"`;
  return found?.named ?? true;
}

/** Lets go of what runs held that are not there any more, such as those of a database that was thrown away. */
export async function releaseGone(db: Db): Promise<void> {
  const holders = (await holdersIn(blobs().root)).filter((name) => z.uuid().safeParse(name).success);
  const runs = await db.run.findMany({ where: { id: { in: holders } }, select: { id: true } });
  const there = new Set(runs.map(({ id }) => id));
  for (const name of holders) if (!there.has(name)) await blobs().release(name);
}
