import type { Db } from "../db";
import { Failure } from "../errors";

/** Deletes a run, or a sweep with all its runs. Refused while one of them goes on. False when there is none. */
export async function removeRuns(db: Db, which: { id: string } | { sweepId: string }): Promise<boolean> {
  return db.$transaction(async (tx) => {
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
}
