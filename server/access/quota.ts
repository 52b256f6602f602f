/** How much a user and a team may have: bytes of uploads, and runs that wait or go on. */
import type { Db, Tx } from "../db";
import { Failure } from "../errors";
import { maxUpload } from "../storage/blobs";
import { accessSettings } from "./settings";

/** Whose something is that counts. */
interface Owner {
  teamId: string;
  userId: string | null;
}

/** There is no room for a file. */
export class NoRoom extends Failure {
  constructor(bytes: number) {
    super({
      message: `This does not fit: there is room for ${(bytes / 2 ** 20).toFixed(1)} MiB of uploads more.`,
      hint: "Ask whoever runs this installation for more room.",
    });
  }
}

/** There are as many runs as there may be. */
export class TooManyRuns extends Failure {
  constructor(who: string, most: number) {
    super({
      message: `${who} as many runs waiting or going on as there may be: ${most}.`,
      hint: "Wait until some have ended, or stop some.",
    });
  }
}

/** The largest upload that somebody may bring now, in bytes: what is longer is not even read to its end. */
export async function largestUpload(db: Db | Tx, owner: Owner): Promise<number> {
  return Math.min(maxUpload, await roomFor(db, owner));
}

/** Refused where so many bytes more would be more than a user or a team may have. */
export async function refuseWithoutRoom(db: Db | Tx, owner: Owner, more: number): Promise<void> {
  const room = await roomFor(db, owner);
  if (more > room) throw new NoRoom(room);
}

async function roomFor(db: Db | Tx, { teamId, userId }: Owner): Promise<number> {
  const { user, team } = accessSettings().uploads;
  const [ofUser, ofTeam] = await Promise.all([
    user !== undefined && userId !== null ? user - (await bytesOf(db, { userId })) : Number.POSITIVE_INFINITY,
    team !== undefined ? team - (await bytesOf(db, { teamId })) : Number.POSITIVE_INFINITY,
  ]);
  return Math.max(0, Math.min(ofUser, ofTeam));
}

async function bytesOf(db: Db | Tx, where: { userId: string } | { teamId: string }): Promise<number> {
  const { _sum } = await db.upload.aggregate({ where, _sum: { bytes: true } });
  return Number(_sum.bytes ?? 0);
}

/** Refused where a user or a team would have more runs that wait or go on than they may. */
export async function refuseTooManyRuns(db: Db | Tx, { teamId, userId }: Owner, more: number): Promise<void> {
  const { user, team } = accessSettings().runs;
  const ofUser = user !== undefined && userId !== null && (await openRuns(db, { userId })) + more > user;
  if (ofUser) throw new TooManyRuns("You have", user);
  if (team !== undefined && (await openRuns(db, { teamId })) + more > team)
    throw new TooManyRuns("Your team has", team);
}

const openRuns = (db: Db | Tx, where: { userId: string } | { teamId: string }): Promise<number> =>
  db.run.count({ where: { ...where, status: { in: ["queued", "running"] } } });
