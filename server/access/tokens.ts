/** Tokens by which programs come in: 256 random bits, shown once; only their hash is kept. */
import { createHash, randomBytes } from "node:crypto";
import type { Db } from "../db";
import { env } from "../env";
import type { Actor, Scope } from "./who";

const prefix = "pb_";
/** The last use is written down so often at most, in milliseconds: not for every request. */
const usedEvery = 60_000;

export interface NewToken {
  name: string;
  scope: Scope;
  userId: string | null;
  teamId?: string | null;
  graphId?: string | null;
  expiresAt?: Date | null;
}

/** What is shown of a token after it was made. */
export interface TokenCard {
  id: string;
  name: string;
  ending: string;
  scope: string;
  team: { id: string; name: string } | null;
  graph: { id: string; name: string } | null;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

/** A new token. Its text is given here, and nowhere again. */
export async function createToken(db: Db, token: NewToken): Promise<{ id: string; text: string }> {
  const text = prefix + randomBytes(32).toString("base64url");
  const { id } = await db.apiToken.create({
    data: { ...token, hash: hashOfToken(text), ending: text.slice(-4) },
    select: { id: true },
  });
  return { id, text };
}

export function listTokens(db: Db, userId: string | null): Promise<TokenCard[]> {
  return db.apiToken.findMany({
    where: { userId },
    orderBy: { createdAt: "desc" },
    select: {
      id: true,
      name: true,
      ending: true,
      scope: true,
      createdAt: true,
      expiresAt: true,
      lastUsedAt: true,
      team: { select: { id: true, name: true } },
      graph: { select: { id: true, name: true } },
    },
  });
}

/** Ends a token at once. False where that user has no such token. */
export async function revokeToken(db: Db, id: string, userId: string | null): Promise<boolean> {
  const { count } = await db.apiToken.deleteMany({ where: { id, userId } });
  return count > 0;
}

/** Who comes with this token; nobody where it is unknown, expired, or of a time without accounts. */
export async function actorOfToken(db: Db, text: string): Promise<Actor | undefined> {
  if (!text.startsWith(prefix)) return undefined;
  const found = await db.apiToken.findUnique({ where: { hash: hashOfToken(text) } });
  if (!found || (found.expiresAt && found.expiresAt <= new Date())) return undefined;
  if (env().accounts && found.userId === null) return undefined;
  if (!found.lastUsedAt || Date.now() - found.lastUsedAt.getTime() > usedEvery)
    await db.apiToken.updateMany({ where: { id: found.id }, data: { lastUsedAt: new Date() } });
  const { id, name, userId, scope, teamId, graphId } = found;
  return { kind: "token", id, name, userId, scope: scope as Scope, teamId, graphId };
}

export const hashOfToken = (text: string): string => createHash("sha256").update(text).digest("hex");
