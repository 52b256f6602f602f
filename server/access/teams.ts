/** Who works together, and what each may do there. */
import type { Db } from "../db";
import { Failure } from "../errors";
import { notFound } from "../not-found";
import { type Actor, type Role, userOf } from "./who";

export interface TeamCard {
  id: string;
  name: string;
  isPersonal: boolean;
  role: Role;
}

/** The teams that somebody is in, their own first. */
export async function teamsOf(db: Db, userId: string): Promise<TeamCard[]> {
  const memberships = await db.membership.findMany({
    where: { userId },
    orderBy: [{ team: { isPersonal: "desc" } }, { team: { name: "asc" } }],
    select: { role: true, team: { select: { id: true, name: true, isPersonal: true } } },
  });
  return memberships.map(({ role, team }) => ({ ...team, role }));
}

/** A new team, whose owner is whoever makes it; from then on they work in it. */
export async function createTeam(db: Db, actor: Actor, name: string): Promise<{ id: string }> {
  const userId = userOf(actor);
  const memberships = userId === null ? undefined : { create: { userId, role: "owner" as const } };
  const team = await db.team.create({ data: { name, memberships }, select: { id: true } });
  if (userId !== null) await db.user.update({ where: { id: userId }, data: { workingTeamId: team.id } });
  return team;
}

/** A team with those who are in it, and those who were invited. */
export async function readTeam(db: Db, id: string) {
  const team = await db.team.findUnique({
    where: { id },
    select: {
      id: true,
      name: true,
      isPersonal: true,
      memberships: {
        orderBy: { createdAt: "asc" },
        select: { role: true, user: { select: { id: true, name: true, email: true } } },
      },
      invitations: {
        where: { acceptedAt: null, expiresAt: { gt: new Date() } },
        orderBy: { createdAt: "asc" },
        select: { id: true, email: true, role: true, expiresAt: true },
      },
    },
  });
  if (!team) throw notFound("This team");
  const { memberships, ...facts } = team;
  return { ...facts, members: memberships.map(({ role, user }) => ({ ...user, role })) };
}

/** Gives a member another role. A team keeps an owner. */
export async function setRole(db: Db, teamId: string, userId: string, role: Role): Promise<void> {
  await db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Team" where "id" = ${teamId}::uuid for update`;
    const { count } = await tx.membership.updateMany({ where: { teamId, userId }, data: { role } });
    if (!count) throw notFound("This member");
    if (!(await tx.membership.count({ where: { teamId, role: "owner" } }))) throw new Failure(lastOwner);
  });
}

/** Takes somebody out of a team, or lets them leave it. */
export async function removeMember(db: Db, teamId: string, userId: string): Promise<void> {
  await db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Team" where "id" = ${teamId}::uuid for update`;
    const { count } = await tx.membership.deleteMany({ where: { teamId, userId } });
    if (!count) throw notFound("This member");
    if (!(await tx.membership.count({ where: { teamId, role: "owner" } }))) throw new Failure(lastOwner);
  });
}

const lastOwner = {
  message: "A team has an owner, and this is its last one.",
  hint: "Make somebody else an owner first.",
};

/** Who has a role of their own for one graph. */
export async function graphRoles(db: Db, graphId: string) {
  const grants = await db.graphGrant.findMany({
    where: { graphId },
    orderBy: { createdAt: "asc" },
    select: { role: true, user: { select: { id: true, name: true, email: true } } },
  });
  return grants.map(({ role, user }) => ({ ...user, role }));
}

/** Gives somebody with an account a role for one graph; none takes it away. */
export async function grantGraph(db: Db, graphId: string, written: string, role: Role | null): Promise<void> {
  const user = await db.user.findUnique({ where: { email: written.toLowerCase() }, select: { id: true } });
  if (!user)
    throw new Failure({ message: `Nobody here has the address ${written}.`, hint: "Invite them into a team first." });
  const which = { graphId, userId: user.id };
  if (role === null) await db.graphGrant.deleteMany({ where: which });
  else await db.graphGrant.upsert({ where: { graphId_userId: which }, create: { ...which, role }, update: { role } });
}
