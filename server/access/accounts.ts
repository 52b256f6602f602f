/** Accounts as pages and the operator's command deal with them. */
import { randomBytes } from "node:crypto";
import { cleanText } from "#models/files/text";
import type { Db } from "../db";
import { Failure } from "../errors";
import { auth } from "./auth";
import { mustBeInvited } from "./invitations";
import { accessSettings } from "./settings";

export interface NewAccount {
  name: string;
  email: string;
  password: string;
}

/** An account with a password, for the first one here, whoever was invited, or anyone, as it is set. */
export async function signUp(db: Db, account: NewAccount, token: string | undefined): Promise<void> {
  const invitation = token === undefined ? undefined : await mustBeInvited(db, token);
  const isFirst = !(await db.user.count());
  if (!invitation && !isFirst && accessSettings().signUp !== "anyone")
    throw new Failure({ message: "This Patchbay lets in those who were invited.", hint: "Ask for an invitation." });
  if (invitation && invitation.email !== account.email.toLowerCase())
    throw new Failure({ message: `The invitation is for ${invitation.email}.`, hint: "Use that address." });
  const id = await addAccount(account);
  if (!invitation) return;
  await db.$transaction(async (tx) => {
    const { count } = await tx.invitation.updateMany({
      where: { id: invitation.id, acceptedAt: null },
      data: { acceptedAt: new Date() },
    });
    const { teamId, role } = invitation;
    if (count && teamId !== null)
      await tx.membership.createMany({ data: [{ teamId, userId: id, role }], skipDuplicates: true });
  });
}

/** An account, whoever asks: the caller has looked whether they may. */
export async function addAccount({ name, email, password }: NewAccount): Promise<string> {
  const body = { name: cleanText(name), email: email.toLowerCase(), password };
  const { user } = await auth()
    .api.signUpEmail({ body })
    .catch((error: Error) => {
      throw new Failure({ message: `${error.message}.`.replace("..", "."), hint: "Sign in, or use another address." });
    });
  return user.id;
}

/** A password that nobody has thought of, for the operator to pass on. */
export const newPassword = (): string => randomBytes(12).toString("base64url");

/** Sets a password, and ends all sessions of whoever had the old one. */
export async function setPassword(db: Db, email: string, password: string): Promise<void> {
  const user = await userNamed(db, email);
  const context = await auth().$context;
  const hash = await context.password.hash(password);
  const where = { providerId_accountId: { providerId: "credential", accountId: user.id } };
  const account = { providerId: "credential", accountId: user.id, userId: user.id, password: hash };
  await db.account.upsert({ where, create: account, update: { password: hash } });
  await db.session.deleteMany({ where: { userId: user.id } });
}

/**
 * Removes an account with its sessions and tokens. What it made stays with the teams it was made in; those that would
 * have no owner any more go to the administrators.
 */
export async function removeAccount(db: Db, email: string): Promise<void> {
  const { id } = await userNamed(db, email);
  await db.$transaction(async (tx) => {
    const owned = await tx.membership.findMany({ where: { userId: id, role: "owner" }, select: { teamId: true } });
    const others = await tx.user.findMany({ where: { isAdministrator: true, id: { not: id } }, select: { id: true } });
    if (!others.length)
      throw new Failure({ message: "This is the last administrator.", hint: "Make somebody else one first." });
    await tx.user.delete({ where: { id } });
    for (const { teamId } of owned) {
      if (await tx.membership.count({ where: { teamId, role: "owner" } })) continue;
      const heirs = others.map((other) => ({ teamId, userId: other.id, role: "owner" as const }));
      await tx.membership.createMany({ data: heirs, skipDuplicates: true });
    }
  });
}

async function userNamed(db: Db, email: string): Promise<{ id: string }> {
  const user = await db.user.findUnique({ where: { email: email.toLowerCase() }, select: { id: true } });
  if (user) return user;
  throw new Failure({
    message: `There is no account with the address ${email}.`,
    hint: "Addresses are written whole.",
  });
}
