/** How a graph is kept ready to be called. */
import * as z from "zod";
import type { Db } from "../../db";
import { notFound } from "../../not-found";
import { answers, jsonOf } from "../answers";
import { readText, parsed } from "../body";
import { defineRoute } from "../route";
import { callSchema, id, pageOf, paging, serviceRequestSchema, serviceSchema } from "../schemas";
import { asProblem } from "../problem";
import type { PublicError } from "#nodes/graph/events";
import { callFigures, serveGraph, serveNoMore, servedGraph } from "../served";
import { refuseUnknown } from "./graphs";
import { nextOf } from "./runs";

const ofGraph = z.object({ id });
const tags = ["Serving"];

export const serviceRoutes = [
  defineRoute({
    method: "put",
    path: "/graphs/{id}/service",
    params: ofGraph,
    operation: {
      operationId: "serveGraph",
      summary: "Keeps a named version ready",
      description:
        "Requests with `wait` are then answered by a process that holds its models; rows of requests that come " +
        "together are computed together where the nodes work row by row. Such calls leave a line in the list of " +
        "calls, and no run; one with an `Idempotency-Key` is a run as ever.",
      tags,
      requestBody: { content: { "application/json": { schema: serviceRequestSchema } } },
      responses: answers({ 200: jsonOf(serviceSchema) }),
    },
    async handle({ db, params, request, body, allow }) {
      await allow("share", { kind: "graph", id: params.id });
      await refuseUnknown(db, params.id);
      const text = await readText({ request, body });
      await serveGraph(db, params.id, serviceRequestSchema.parse(text.trim() ? parsed(text) : {}));
      return Response.json(await toldService(db, params.id));
    },
  }),

  defineRoute({
    method: "get",
    path: "/graphs/{id}/service",
    params: ofGraph,
    operation: {
      operationId: "getService",
      summary: "How a graph is served, and how its calls went within the last hour",
      tags,
      responses: answers({ 200: jsonOf(serviceSchema) }),
    },
    async handle({ db, params, allow }) {
      await allow("see", { kind: "graph", id: params.id });
      return Response.json(await toldService(db, params.id));
    },
  }),

  defineRoute({
    method: "delete",
    path: "/graphs/{id}/service",
    params: ofGraph,
    operation: {
      operationId: "serveNoMore",
      summary: "Serves a graph no more",
      tags,
      responses: answers({ 204: { description: "It is not served any more" } }),
    },
    async handle({ db, params, allow }) {
      await allow("share", { kind: "graph", id: params.id });
      await refuseUnknown(db, params.id);
      await serveNoMore(db, params.id);
      return new Response(null, { status: 204 });
    },
  }),

  defineRoute({
    method: "get",
    path: "/graphs/{id}/calls",
    params: ofGraph,
    query: paging,
    operation: {
      operationId: "listCalls",
      summary: "Calls of a served graph, the newest first",
      tags,
      responses: answers({ 200: jsonOf(pageOf(callSchema, "CallPage")) }),
    },
    async handle({ db, params, query: { limit, cursor }, allow }) {
      await allow("see", { kind: "graph", id: params.id });
      const rows = await db.servedCall.findMany({
        where: { graphId: params.id, id: cursor ? { lt: cursor } : undefined },
        orderBy: { id: "desc" },
        take: limit,
      });
      const items = rows.map(({ id: call, rows: count, ms, error, createdAt }) => ({
        id: call,
        rows: count,
        ms,
        error: error ? asProblem(error as unknown as PublicError) : null,
        createdAt: createdAt.toISOString(),
      }));
      return Response.json({ items, next: nextOf(items, limit) });
    },
  }),
];

async function toldService(db: Db, graphId: string): Promise<z.output<typeof serviceSchema>> {
  const served = await servedGraph(db, graphId);
  if (!served) throw notFound("A served version of this graph");
  const { version, outputs } = served;
  return { graph: graphId, version, outputs: [...outputs], lastHour: await callFigures(db, graphId) };
}
