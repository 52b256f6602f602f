import { randomBytes } from "node:crypto";
import type { Role } from "../../prisma/generated/client";
import type { Db, Tx } from "../db";
import { env } from "../env";
import { Failure } from "../errors";
import { notFound } from "../not-found";
import { sendMail } from "./mail";
import { hashOfToken } from "./tokens";

const lasts = 7 * 24 * 60 * 60 * 1000;

export interface NewInvitation {
  email: string;
  teamId: string;
  role: Role;
  invitedBy: string | null;
}

/**
 * Invites somebody into a team: whoever has an account there is in it at once, others by the path that is given, which
 * is mailed too where mail can be sent.
 */
export async function invite(db: Db, { email: written, teamId, role, invitedBy }: NewInvitation) {
  const email = written.toLowerCase();
  const known = await db.user.findUnique({ where: { email }, select: { id: true } });
  if (known) {
    await db.membership.createMany({ data: [{ teamId, userId: known.id, role }], skipDuplicates: true });
    return { path: undefined };
  }
  const token = randomBytes(32).toString("base64url");
  const expiresAt = new Date(Date.now() + lasts);
  await db.invitation.deleteMany({ where: { email, teamId, acceptedAt: null } });
  await db.invitation.create({ data: { email, teamId, role, invitedBy, hash: hashOfToken(token), expiresAt } });
  const path = `/sign-in?invitation=${token}`;
  const { publicUrl } = env();
  if (publicUrl)
    await sendMail(
      email,
      "An invitation to Patchbay",
      `Make your account here within a week:\n\n${publicUrl}${path}\n`,
    );
  return { path };
}

/** An invitation that was not taken up yet, by the token of its path. */
export function invitationOf(db: Db | Tx, token: string) {
  return db.invitation.findFirst({
    where: { hash: hashOfToken(token), acceptedAt: null, expiresAt: { gt: new Date() } },
    select: { id: true, email: true, role: true, teamId: true, team: { select: { name: true } } },
  });
}

/** The same; refused where there is none. */
export async function mustBeInvited(db: Db, token: string) {
  const invitation = await invitationOf(db, token);
  if (invitation) return invitation;
  throw new Failure({
    message: "This invitation was used, taken back, or is older than a week.",
    hint: "Ask for a new one.",
  });
}

export async function takeBackInvitation(db: Db, teamId: string, id: string): Promise<void> {
  const { count } = await db.invitation.deleteMany({ where: { id, teamId, acceptedAt: null } });
  if (!count) throw notFound("This invitation");
}
