/** What the API says and does of runs. */
import * as z from "zod";
import { mustStillSee, whileSeen } from "../../access/while-allowed";
import type { Db } from "../../db";
import { notFound } from "../../not-found";
import { cancelRuns } from "../../runs/cancel";
import { openArtifact } from "../artifacts";
import { answers, jsonOf } from "../answers";
import { defineRoute } from "../route";
import {
  artifactSchema,
  eventSchema,
  id,
  outputsSchema,
  pageOf,
  paging,
  runSchema,
  statusSchema,
  waiting,
} from "../schemas";
import { artifactsOf, outputsOfRun, toldRun, toldRuns } from "../told-run";
import { eventStream, untilEnd } from "../wait";

const ofRun = z.object({ id });
const tags = ["Runs"];

export const runRoutes = [
  defineRoute({
    method: "get",
    path: "/runs",
    query: paging.extend({ graph: id.optional(), status: statusSchema.optional() }),
    operation: {
      operationId: "listRuns",
      summary: "Runs, the newest first",
      tags,
      responses: answers({ 200: jsonOf(pageOf(runSchema, "RunPage")) }),
    },
    async handle({ db, actor, query, allow }) {
      await allow("see", query.graph ? { kind: "graph", id: query.graph } : { kind: "run" });
      const items = await toldRuns(db, actor, query);
      return Response.json({ items, next: nextOf(items, query.limit) });
    },
  }),

  defineRoute({
    method: "get",
    path: "/runs/{id}",
    params: ofRun,
    query: waiting,
    operation: {
      operationId: "getRun",
      summary: "How a run is going",
      tags,
      responses: answers({ 200: jsonOf(runSchema) }),
    },
    async handle({ db, actor, params, query, request, allow }) {
      await allow("see", { kind: "run", id: params.id });
      if (query.wait) {
        await untilEnd(db, params.id, query.wait, request.signal);
        await mustStillSee(db, actor, { kind: "run", id: params.id });
      }
      return Response.json(await toldRun(db, params.id));
    },
  }),

  defineRoute({
    method: "delete",
    path: "/runs/{id}",
    params: ofRun,
    operation: {
      operationId: "cancelRun",
      summary: "Stops a run",
      description: "What it has finished is kept. A run that has ended stays as it is.",
      tags,
      responses: answers({ 202: jsonOf(runSchema, "It stops; or it had ended.") }),
    },
    async handle({ db, params, allow }) {
      await allow("change", { kind: "run", id: params.id });
      if (!(await cancelRuns(db, { id: params.id }))) throw notFound("This run");
      return Response.json(await toldRun(db, params.id), { status: 202 });
    },
  }),

  defineRoute({
    method: "get",
    path: "/runs/{id}/events",
    params: ofRun,
    operation: {
      operationId: "watchRun",
      summary: "What a run tells, as server-sent events",
      description: "The stream ends with the run. A `Last-Event-ID` header goes on behind that event.",
      tags,
      responses: answers({
        200: { description: "Server-sent events", content: { "text/event-stream": { schema: eventSchema } } },
      }),
    },
    async handle({ db, actor, params, header, request, allow }) {
      const run = { kind: "run", id: params.id } as const;
      await allow("see", run);
      await refuseUnknown(db, run.id);
      const { signal } = whileSeen(db, actor, run, request.signal);
      return eventStream(db, run.id, header("last-event-id"), signal);
    },
  }),

  defineRoute({
    method: "get",
    path: "/runs/{id}/outputs",
    params: ofRun,
    query: z.object({
      all: z.stringbool().default(false).meta({ description: "Those of all nodes, not of the last ones alone." }),
    }),
    operation: {
      operationId: "getOutputs",
      summary: "What a run gave",
      tags,
      responses: answers({ 200: jsonOf(outputsSchema) }),
    },
    async handle({ db, params, query, allow }) {
      await allow("see", { kind: "run", id: params.id });
      return Response.json({ outputs: await outputsOfRun(db, params.id, query.all) });
    },
  }),

  defineRoute({
    method: "get",
    path: "/runs/{id}/artifacts",
    params: ofRun,
    operation: {
      operationId: "listArtifacts",
      summary: "The files that a run made",
      tags,
      responses: answers({ 200: jsonOf(z.object({ items: z.array(artifactSchema) })) }),
    },
    async handle({ db, params, allow }) {
      await allow("see", { kind: "run", id: params.id });
      await refuseUnknown(db, params.id);
      return Response.json({ items: await artifactsOf(db, params.id) });
    },
  }),

  defineRoute({
    method: "get",
    path: "/runs/{id}/artifacts/{node}/{port}",
    params: ofRun.extend({ node: z.string().max(600), port: z.string().max(100) }),
    query: z.object({
      index: z.coerce.number().pipe(z.int().min(0)).default(0).meta({ description: "Which picture, from 0." }),
    }),
    operation: {
      operationId: "getArtifact",
      summary: "An output as a file",
      description: "A tensor as .npy, texts as lines of JSON, pictures and files as they are.",
      tags,
      responses: answers({
        200: {
          description: "Its bytes",
          content: { "application/octet-stream": { schema: z.string().meta({ override: { format: "binary" } }) } },
        },
      }),
    },
    async handle({ db, params, query, allow }) {
      await allow("see", { kind: "run", id: params.id });
      const { id: run, node, port } = params;
      return openArtifact(db, { run, node, port, index: query.index });
    },
  }),
];

async function refuseUnknown(db: Db, run: string): Promise<void> {
  if (!(await db.run.count({ where: { id: run } }))) throw notFound("This run");
}

/** Where the next page begins; nothing where this one is not full. */
export function nextOf(items: readonly { id: string }[], limit: number): string | null {
  return items.length === limit ? (items.at(-1)?.id ?? null) : null;
}
