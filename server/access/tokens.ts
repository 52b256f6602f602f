/** Tokens by which programs come in: 256 random bits, shown once; only their hash is kept. */
import { createHash, randomBytes } from "node:crypto";
import type { Prisma } from "../../prisma/generated/client";
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
  /** Whose it is. */
  user: { name: string; email: string } | null;
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

/** Which tokens are meant: somebody's, those that were made for a team or a graph of it, or all. */
export type TokenChoice = { userId: string | null } | { team: string } | "all";

function whereOf(choice: TokenChoice): Prisma.ApiTokenWhereInput {
  if (choice === "all") return {};
  if ("userId" in choice) return choice;
  return { OR: [{ teamId: choice.team }, { graph: { is: { teamId: choice.team } } }] };
}

export function listTokens(db: Db, choice: TokenChoice): Promise<TokenCard[]> {
  return db.apiToken.findMany({
    where: whereOf(choice),
    orderBy: { createdAt: "desc" },
    take: 1000,
    select: {
      id: true,
      name: true,
      ending: true,
      scope: true,
      createdAt: true,
      expiresAt: true,
      lastUsedAt: true,
      user: { select: { name: true, email: true } },
      team: { select: { id: true, name: true } },
      graph: { select: { id: true, name: true } },
    },
  });
}

/** Ends a token at once. False where there is no such token among those that are meant. */
export async function revokeToken(db: Db, id: string, choice: TokenChoice): Promise<boolean> {
  const { count } = await db.apiToken.deleteMany({ where: { AND: [{ id }, whereOf(choice)] } });
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
