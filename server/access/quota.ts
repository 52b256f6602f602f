/** How much a user and a team may have in uploads. */
import type { Db } from "../db";
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
