/** How much a user and a team may have: bytes of uploads, and runs that wait or go on. */
import type { Db, Tx } from "../db";
import { Failure } from "../errors";
import { maxUpload } from "../storage/blobs";
import { accessSettings } from "./settings";

/** The largest upload that somebody may bring now. */
export async function roomFor(
  db: Db,
  { teamId, userId }: { teamId: string; userId: string | null },
): Promise<{ bytes: number }> {
  const { user, team } = accessSettings().uploads;
  const [ofUser, ofTeam] = await Promise.all([
    user !== undefined && userId !== null ? user - (await bytesOf(db, { userId })) : maxUpload,
    team !== undefined ? team - (await bytesOf(db, { teamId })) : maxUpload,
  ]);
  return { bytes: Math.max(0, Math.min(maxUpload, ofUser, ofTeam)) };
}

/** What is said where there is no room for a file. */
export const noRoom = (bytes: number) => ({
  message: `There is room for ${(bytes / 2 ** 20).toFixed(1)} MiB of uploads more, and this file is larger.`,
  hint: "Ask whoever runs this installation for more room.",
});

async function bytesOf(db: Db, where: { userId: string } | { teamId: string }): Promise<number> {
  const { _sum } = await db.upload.aggregate({ where, _sum: { bytes: true } });
  return Number(_sum.bytes ?? 0);
}

/** Refused where a user or a team would have more runs that wait or go on than they may. */
export async function refuseTooManyRuns(
  db: Db | Tx,
  { teamId, userId }: { teamId: string; userId: string | null },
  more: number,
): Promise<void> {
  const { user, team } = accessSettings().runs;
  const ofUser = user !== undefined && userId !== null && (await openRuns(db, { userId })) + more > user;
  if (ofUser) throw tooManyRuns("You have", user);
  if (team !== undefined && (await openRuns(db, { teamId })) + more > team) throw tooManyRuns("Your team has", team);
}

const openRuns = (db: Db | Tx, where: { userId: string } | { teamId: string }): Promise<number> =>
  db.run.count({ where: { ...where, status: { in: ["queued", "running"] } } });

const tooManyRuns = (who: string, most: number): Failure =>
  new Failure({
    message: `${who} as many runs waiting or going on as there may be: ${most}.`,
    hint: "Wait until some have ended, or stop some.",
  });
