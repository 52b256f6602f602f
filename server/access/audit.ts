/** What is written down of changes to access and data: who, when, and to what; never contents. */
import type { Db } from "../db";
import { namesIn } from "./audit-names";
import { type Actor, userOf } from "./who";

export interface AuditLine {
  id: string;
  at: Date;
  actor: string;
  action: string;
  detail: Record<string, unknown>;
}

/** Writes a line. Without accounts there is one person, and nothing to tell apart. */
export async function audit(db: Db, actor: Actor, action: string, detail: Record<string, unknown> = {}): Promise<void> {
  if (actor.kind === "local") return;
  await db.auditEntry.create({
    data: {
      action,
      detail: detail as object,
      actor: nameOf(actor),
      userId: userOf(actor),
      tokenId: actor.kind === "token" ? actor.id : null,
    },
  });
}

/** Writes a line of what somebody did to their own account, or was refused, where no actor stands for them yet. */
export async function auditAccount(
  db: Db,
  who: { userId: string } | { name: string },
  action: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  const userId = "userId" in who ? who.userId : null;
  const user = userId === null ? null : await db.user.findUnique({ where: { id: userId } });
  const name = user ? `${user.name} <${user.email}>` : "name" in who ? who.name : "somebody";
  await db.auditEntry.create({ data: { action, detail: detail as object, actor: name, userId } });
}

function nameOf(actor: Exclude<Actor, { kind: "local" }>): string {
  if (actor.kind === "user") return `${actor.name} <${actor.email}>`;
  return actor.kind === "token" ? `token “${actor.name}”` : "somebody who is not signed in";
}

/** Fields that say what was changed and how; others may hold contents, or secrets. */
const telling = [
  "id",
  "ids",
  "graphId",
  "team",
  "user",
  "graph",
  "role",
  "scope",
  "email",
  "name",
  "label",
  "published",
  "version",
  "template",
  "visibility",
  "isAdministrator",
  "days",
  "sites",
];

/** What of a request's input may be written down. */
export function detailOf(input: unknown): Record<string, unknown> {
  if (typeof input !== "object" || input === null) return {};
  return Object.fromEntries(Object.entries(input).filter(([name, value]) => telling.includes(name) && isShort(value)));
}

/** What was made: named by no input. */
export function madeBy(answer: unknown): Record<string, unknown> {
  const { id } = (answer ?? {}) as { id?: unknown };
  return typeof id === "string" ? { made: id } : {};
}

const isShort = (value: unknown): boolean => JSON.stringify(value ?? null).length < 2000;

const saved = new Map<string, number>();
const saveEvery = 10 * 60_000;
/** Asks, and changes nothing. */
const askingOnly = ["runs.foresee"];

/** Whether a change is written down: a graph that is saved with every key is once in ten minutes. */
export function isWorthALine(actor: Actor, action: string, detail: Record<string, unknown>): boolean {
  if (askingOnly.includes(action)) return false;
  if (action !== "graphs.save") return true;
  const which = `${userOf(actor)} ${detail.id}`;
  const isNews = Date.now() - (saved.get(which) ?? 0) > saveEvery;
  if (isNews) saved.set(which, Date.now());
  if (saved.size > 10_000) saved.clear();
  return isNews;
}

/** The newest lines, or those before one; and how what they name by its id is called now. */
export async function readAudit(
  db: Db,
  before?: string,
): Promise<{ lines: AuditLine[]; names: Record<string, string> }> {
  const rows = await db.auditEntry.findMany({
    where: before === undefined ? {} : { id: { lt: BigInt(before) } },
    orderBy: { id: "desc" },
    take: 100,
  });
  const lines = rows.map(({ id, at, actor, action, detail }) => ({
    id: String(id),
    at,
    actor,
    action,
    detail: detail as Record<string, unknown>,
  }));
  return {
    lines,
    names: await namesIn(
      db,
      lines.map(({ detail }) => detail),
    ),
  };
}
