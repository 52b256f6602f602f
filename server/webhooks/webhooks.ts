/** Who is told of the end of runs: all of a graph's, or of one. */
import { randomBytes, randomUUID } from "node:crypto";
import { seal, unseal } from "../access/secrets";
import type { Db, Tx } from "../db";
import { Failure } from "../errors";
import { enqueue } from "../jobs/queue";
import { notFound } from "../not-found";
import { reasonAgainst } from "../outgoing";

export interface NewWebhook {
  graphId?: string;
  runId?: string;
  url: string;
  /** As https://www.standardwebhooks.com writes it: whsec_ and base64. One is made where none is given. */
  secret?: string;
}

/** Most of them for one graph. */
const mostOfGraph = 20;

/** The secret is told here, and never again. */
export async function addWebhook(db: Db | Tx, webhook: NewWebhook): Promise<{ id: string; secret: string }> {
  const reason = reasonAgainst(webhook.url);
  if (reason !== undefined)
    throw new Failure({
      message: `Nothing can be sent to the webhook's address: ${reason}.`,
      hint: "Give an address such as https://example.org/patchbay.",
      param: "url",
    });
  const { graphId } = webhook;
  if (graphId && (await db.webhook.count({ where: { graphId } })) >= mostOfGraph)
    throw new Failure({
      message: `The graph has ${mostOfGraph} webhooks already.`,
      hint: "Remove one that is not needed any more.",
    });
  const secret = webhook.secret ?? `whsec_${randomBytes(24).toString("base64")}`;
  const id = randomUUID();
  await db.webhook.create({ data: { ...webhook, id, secret: seal(secret, placeOf(id)) } });
  return { id, secret };
}

/** The secret that deliveries of a webhook are signed with. */
export const secretOf = ({ id, secret, url }: { id: string; secret: string; url: string }): string =>
  unseal(secret, placeOf(id), `of the webhook ${url}`);

/** What a sealed secret is bound to. */
const placeOf = (id: string): string => `webhook ${id}`;

export async function removeWebhook(db: Db, graphId: string, id: string): Promise<void> {
  const { count } = await db.webhook.deleteMany({ where: { id, graphId } });
  if (!count) throw notFound("This webhook");
}

/**
 * Has the ends of runs told to whoever asked for that, within the transaction that ends them: what is told exists when
 * and only when the end does.
 */
export async function tellEnds(tx: Tx, runIds: readonly string[]): Promise<void> {
  if (!runIds.length) return;
  const found = await tx.$queryRaw<{ webhookId: string; runId: string; url: string }[]>`
    select w."id" as "webhookId", r."id" as "runId", w."url" from "Run" r
    join "Webhook" w on w."graphId" = r."graphId" or w."runId" = r."id"
    where r."id" = any(${runIds}::uuid[])`;
  if (!found.length) return;
  const deliveries = await tx.webhookDelivery.createManyAndReturn({ data: found, select: { id: true } });
  const jobs = deliveries.map(({ id }) => ({ data: { deliveryId: id } }));
  await enqueue("webhook", jobs, tx);
}
