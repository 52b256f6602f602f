/** Who may make an account, and what they have once they did. */
import type { Db, Tx } from "../db";
import type { AccessSettings } from "./settings";
import { defaultTeam } from "./working-team";

/** The first account is anybody's; later ones are for those who were invited, or for anyone, as it is set. */
export async function mayJoin(db: Db, { signUp }: AccessSettings, user: NewUser): Promise<boolean> {
  if (signUp === "anyone" || !(await db.user.count())) return true;
  return user.emailVerified && (await db.invitation.count({ where: openInvitationOf(user.email) })) > 0;
}

/** As better-auth tells of somebody; a provider has verified the address, or not. */
export interface NewUser {
  name: string;
  email: string;
  emailVerified: boolean;
}

export const openInvitationOf = (email: string) => ({
  email: email.toLowerCase(),
  acceptedAt: null,
  expiresAt: { gt: new Date() },
});

/**
 * What a new account has: a team of its own, and a place in those that it was invited to. The first one runs the
 * installation, and owns what was there before there were accounts.
 */
export async function settleIn(db: Db, user: NewUser & { id: string }): Promise<void> {
  await db.$transaction(async (tx) => {
    await tx.$queryRaw`select pg_advisory_xact_lock(7249001)::text`;
    if (!(await tx.user.count({ where: { isAdministrator: true } }))) {
      await tx.user.update({ where: { id: user.id }, data: { isAdministrator: true } });
      await tx.membership.create({ data: { teamId: defaultTeam, userId: user.id, role: "owner" } });
    }
    await tx.team.create({
      data: { name: user.name, isPersonal: true, memberships: { create: { userId: user.id, role: "owner" } } },
    });
    // Whoever shows no proof of having this address shows the link of an invitation: `signUp`.
    if (user.emailVerified) await acceptInvitations(tx, user);
  });
}

/** Whoever has the address that was invited is in the team from now on. */
export async function acceptInvitations(tx: Tx, { id, email }: { id: string; email: string }): Promise<void> {
  const invitations = await tx.invitation.findMany({ where: openInvitationOf(email) });
  const places = invitations.flatMap(({ teamId, role }) => (teamId === null ? [] : [{ teamId, userId: id, role }]));
  await tx.membership.createMany({ data: places, skipDuplicates: true });
  await tx.invitation.updateMany({ where: openInvitationOf(email), data: { acceptedAt: new Date() } });
}
