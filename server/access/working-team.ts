import type { Db, Tx } from "../db";
import { type Actor, userOf } from "./who";

/** The team of what was there before there were accounts, and of everything where there are none. */
export const defaultTeam = "00000000-0000-4000-8000-000000000001";

/** Whose a new thing is: the team that somebody works in, or, where they are not in it any more, their own. */
export async function workingTeam(db: Db | Tx, actor: Actor): Promise<string> {
  if (actor.kind === "token" && actor.teamId !== null) return actor.teamId;
  const userId = userOf(actor);
  if (userId === null) return defaultTeam;
  const user = await db.user.findUnique({
    where: { id: userId },
    select: {
      workingTeamId: true,
      memberships: { select: { teamId: true, role: true, team: { select: { isPersonal: true } } } },
    },
  });
  const teams = user?.memberships ?? [];
  const chosen = teams.find(({ teamId }) => teamId === user?.workingTeamId);
  // Somebody may be a guest in the personal team of another.
  const own = teams.find(({ team, role }) => team.isPersonal && role === "owner");
  return (chosen ?? own ?? teams[0])?.teamId ?? defaultTeam;
}

/** Who made a new thing, and whose it is: columns of its row. */
export async function madeBy(
  db: Db | Tx,
  actor: Actor,
  teamId?: string,
): Promise<{ teamId: string; userId: string | null }> {
  return { teamId: teamId ?? (await workingTeam(db, actor)), userId: userOf(actor) };
}
