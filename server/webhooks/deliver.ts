/** Tells the end of a run to an address: signed as https://www.standardwebhooks.com says. */
import { Webhook } from "standardwebhooks";
import { toldRun } from "../api/told-run";
import type { Db } from "../db";
import { OutgoingFailure, sendOut } from "../outgoing";
import { secretOf } from "./webhooks";

/** How often it is tried in all; the queue waits longer from one time to the next. */
export const mostAttempts = 9;
const rules = { within: 15_000, mostBytes: 64 * 1024 };

/** Sends it. Throws where it is to be tried again. */
export async function deliver(db: Db, deliveryId: string): Promise<void> {
  const delivery = await db.webhookDelivery.findUnique({ where: { id: deliveryId }, include: { webhook: true } });
  if (!delivery || delivery.status !== "waiting") return;
  const { url, runId, webhook } = delivery;
  const body = await payloadOf(db, runId);
  if (body === undefined)
    return void (await note(db, deliveryId, { status: "failed", lastError: "the run was deleted" }));
  const attempts = delivery.attempts + 1;
  // Whoever counts it makes the attempt.
  const counted = await db.webhookDelivery.updateMany({
    where: { id: deliveryId, status: "waiting", attempts: delivery.attempts },
    data: { attempts },
  });
  if (!counted.count) return;
  const failure = await attempt({ id: deliveryId, url, body, secret: secretOf(webhook) });
  const given = { lastStatus: failure?.status ?? null, lastError: failure?.reason ?? null };
  if (!failure) return void (await note(db, deliveryId, { ...given, status: "delivered", endedAt: new Date() }));
  const isOver = attempts >= mostAttempts;
  await note(db, deliveryId, { ...given, ...(isOver ? { status: "failed", endedAt: new Date() } : {}) });
  if (!isOver) throw new Error(`The webhook is tried again: ${failure.reason}.`);
}

interface Note {
  status?: string;
  lastStatus?: number | null;
  lastError?: string | null;
  endedAt?: Date;
}
const note = (db: Db, id: string, data: Note) => db.webhookDelivery.updateMany({ where: { id }, data });

/** What is told: the run as the API tells it, without what it gave. */
async function payloadOf(db: Db, runId: string): Promise<string | undefined> {
  if (!(await db.run.count({ where: { id: runId } }))) return undefined;
  const run = await toldRun(db, runId);
  return JSON.stringify({ type: `run.${run.status}`, timestamp: run.finishedAt, data: run });
}

async function attempt({ id, url, body, secret }: { id: string; url: string; body: string; secret: string }) {
  const now = new Date();
  const headers = {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    "user-agent": "Patchbay",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, now, body),
  };
  try {
    const { status } = await sendOut(url, { ...rules, method: "POST", headers, body });
    return status >= 200 && status < 300 ? undefined : { status, reason: `the server answered ${status}` };
  } catch (error) {
    if (error instanceof OutgoingFailure) return { reason: error.message };
    throw error;
  }
}
