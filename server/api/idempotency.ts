/** Requests that name themselves: sent twice, they are done once. */
import type { Db, Tx } from "../db";
import { Refusal } from "./problem";

/** Days for which a request is known again. */
const keptDays = 7;

export interface Once {
  /** Who asks, and for which graph. */
  scope: string;
  key: string;
  /** A hash of what is asked for. */
  request: string;
}

/** The run that this request made before. Refused where its name was another request's. */
export async function knownRun(db: Db | Tx, { scope, key, request }: Once): Promise<string | undefined> {
  const known = await db.idempotencyKey.findUnique({ where: { scope_key: { scope, key } } });
  if (!known) return undefined;
  if (known.request === request) return known.runId;
  throw new Refusal(422, {
    message: "This Idempotency-Key came with another request before.",
    hint: "Send a key of its own with each request, and the same one only to repeat it.",
  });
}

/** Keeps the name of a request, within the transaction that makes its run; and forgets names of long ago. */
export async function rememberRun(tx: Tx, once: Once, runId: string): Promise<void> {
  await tx.idempotencyKey.create({ data: { ...once, runId } });
  const oldest = new Date(Date.now() - keptDays * 86_400_000);
  await tx.idempotencyKey.deleteMany({ where: { createdAt: { lt: oldest } } });
}
