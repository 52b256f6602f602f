/** What of signing in is written down: who came in and how, who was refused, and which passwords were set anew. */
import { isAPIError } from "better-auth/api";
import type { Db } from "../db";
import { auditAccount } from "./audit";

/** What better-auth tells behind each of its routes, as far as it is read here. */
interface Told {
  path?: string;
  body?: unknown;
  context: { returned?: unknown; newSession?: { user: { id: string } } | null };
}

export async function noteSignIn(db: Db, { path = "", body, context }: Told): Promise<void> {
  const { returned, newSession } = context;
  if (newSession) await auditAccount(db, { userId: newSession.user.id }, "account.signIn", { by: wayOf(path) });
  else if (path === "/sign-in/email" && isAPIError(returned))
    await auditAccount(db, { name: "somebody who is not signed in" }, "account.refused", { email: emailIn(body) });
}

export const notePasswordReset = (db: Db, userId: string): Promise<void> =>
  auditAccount(db, { userId }, "account.resetPassword");

export const noteSignOut = (db: Db, userId: string): Promise<void> => auditAccount(db, { userId }, "account.signOut");

/** By what somebody signed in: a password, or a provider. */
function wayOf(path: string): string {
  if (path === "/sign-in/email") return "password";
  return path.startsWith("/callback") ? "provider" : path;
}

function emailIn(body: unknown): string {
  const { email } = (body ?? {}) as { email?: unknown };
  return typeof email === "string" ? email.slice(0, 200) : "";
}
