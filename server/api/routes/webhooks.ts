/** Webhooks of a graph, and what was sent to them. */
import * as z from "zod";
import { addWebhook, removeWebhook } from "../../webhooks/webhooks";
import { answers, jsonOf } from "../answers";
import { parsed, readText } from "../body";
import { defineRoute } from "../route";
import { deliverySchema, id, newWebhookSchema, pageOf, paging, webhookRequestSchema, webhookSchema } from "../schemas";
import { refuseUnknown } from "./graphs";
import { nextOf } from "./runs";

const ofGraph = z.object({ id });
const tags = ["Webhooks"];

export const webhookRoutes = [
  defineRoute({
    method: "get",
    path: "/graphs/{id}/webhooks",
    params: ofGraph,
    operation: {
      operationId: "listWebhooks",
      summary: "Who is told of the end of a graph's runs",
      tags,
      responses: answers({ 200: jsonOf(z.object({ items: z.array(webhookSchema) })) }),
    },
    async handle({ db, params, allow }) {
      await allow("share", { kind: "graph", id: params.id });
      const rows = await db.webhook.findMany({ where: { graphId: params.id }, orderBy: { id: "asc" } });
      const items = rows.map(({ id: webhook, url, createdAt }) => ({
        id: webhook,
        url,
        createdAt: createdAt.toISOString(),
      }));
      return Response.json({ items });
    },
  }),

  defineRoute({
    method: "post",
    path: "/graphs/{id}/webhooks",
    params: ofGraph,
    operation: {
      operationId: "addWebhook",
      summary: "Has an address told of the end of each run",
      description:
        "Messages are signed as standardwebhooks.com says: `webhook-id`, `webhook-timestamp`, `webhook-signature`. " +
        "One that is not taken is sent again, up to nine times in about an hour. Addresses of this machine and of " +
        "private networks are refused unless the operator allows them.",
      tags,
      requestBody: { content: { "application/json": { schema: webhookRequestSchema } } },
      responses: answers({ 201: jsonOf(newWebhookSchema, "Its secret is told once") }),
    },
    async handle({ db, params, request, body, allow }) {
      await allow("share", { kind: "graph", id: params.id });
      await refuseUnknown(db, params.id);
      const asked = webhookRequestSchema.parse(parsed(await readText({ request, body })));
      const webhook = await addWebhook(db, { graphId: params.id, ...asked });
      return Response.json({ ...webhook, url: asked.url }, { status: 201 });
    },
  }),

  defineRoute({
    method: "delete",
    path: "/graphs/{id}/webhooks/{webhook}",
    params: ofGraph.extend({ webhook: id }),
    operation: {
      operationId: "removeWebhook",
      summary: "Tells an address no more",
      tags,
      responses: answers({ 204: { description: "It is told no more" } }),
    },
    async handle({ db, params, allow }) {
      await allow("share", { kind: "graph", id: params.id });
      await removeWebhook(db, params.id, params.webhook);
      return new Response(null, { status: 204 });
    },
  }),

  defineRoute({
    method: "get",
    path: "/graphs/{id}/deliveries",
    params: ofGraph,
    query: paging.extend({ run: id.optional() }),
    operation: {
      operationId: "listDeliveries",
      summary: "What webhooks were told, the last first",
      tags,
      responses: answers({ 200: jsonOf(pageOf(deliverySchema, "DeliveryPage")) }),
    },
    async handle({ db, params, query: { run, limit, cursor }, allow }) {
      await allow("share", { kind: "graph", id: params.id });
      const rows = await db.webhookDelivery.findMany({
        where: { run: { graphId: params.id }, runId: run, id: cursor ? { lt: cursor } : undefined },
        orderBy: { id: "desc" },
        take: limit,
      });
      const items = rows.map((row) => ({
        id: row.id,
        run: row.runId,
        url: row.url,
        status: row.status as z.output<typeof deliverySchema>["status"],
        attempts: row.attempts,
        lastStatus: row.lastStatus,
        lastError: row.lastError,
        createdAt: row.createdAt.toISOString(),
        endedAt: row.endedAt?.toISOString() ?? null,
      }));
      return Response.json({ items, next: nextOf(items, limit) });
    },
  }),
];
