/** What the API says of graphs, and how they are run. */
import * as z from "zod";
import type { ZodOpenApiRequestBodyObject } from "zod-openapi";
import type { Port } from "#nodes/core/ports";
import { definitionOf, resolve } from "#nodes/graph/resolve";
import { sinks } from "#nodes/graph/plan";
import { registry } from "#nodes/registry.gen";
import type { GraphDocument } from "#nodes/graph/document";
import { largestUpload } from "../../access/quota";
import { visible } from "../../access/visible";
import { mustStillSee } from "../../access/while-allowed";
import type { Db } from "../../db";
import { notFound } from "../../not-found";
import { titleIn } from "../../graphs/ready";
import { ownerOfRun } from "../../runs/create";
import { answers, answersUnderLoad, jsonOf } from "../answers";
import { inMemory, readBody, toStoreWithin, withStoredFiles } from "../body";
import { jsonSchemaOf } from "../json-schema";
import { parametersOf } from "../parameters";
import { type Asked, defineRoute } from "../route";
import {
  finishedSchema,
  graphDetailsSchema,
  graphSchema,
  id,
  pageOf,
  paging,
  runRequestSchema,
  runSchema,
  versionSchema,
  waiting,
} from "../schemas";
import { answerServed, isServed, servedFor } from "../served-run";
import { readWanted, startRun } from "../start-run";
import { hasEnded, outputsOfRun, toldRun } from "../told-run";
import { type NamedVersion, namedVersion, namedVersions } from "../versions";
import { untilEnd } from "../wait";
import { nextOf } from "./runs";

const ofGraph = z.object({ id });
const tags = ["Graphs"];

/** A run is asked for as JSON; or as a form whose field `request` is that JSON, and whose files are parameters. */
export const runRequestBody: ZodOpenApiRequestBodyObject = {
  content: {
    "application/json": { schema: runRequestSchema },
    "multipart/form-data": {
      schema: z
        .object({ request: runRequestSchema.optional() })
        .catchall(z.string().meta({ override: { format: "binary" } }))
        .meta({
          id: "RunForm",
          description: "Files and values, each under the name of its parameter, such as “load.images”.",
        }),
    },
  },
};

export const runAnswers = answersUnderLoad({
  200: jsonOf(finishedSchema, "The run has ended, and this is what it gave (with `wait`)"),
  202: {
    ...jsonOf(runSchema, "The run waits or goes on"),
    headers: { Location: { schema: { type: "string" }, description: "The run" } },
  },
});

const idempotencyKey = z.object({
  "Idempotency-Key": z
    .string()
    .max(255)
    .optional()
    .meta({ description: "A name of this request: sent twice, it makes one run." }),
});

export const graphRoutes = [
  defineRoute({
    method: "get",
    path: "/graphs",
    query: paging,
    operation: {
      operationId: "listGraphs",
      summary: "Graphs, the newest first",
      tags,
      responses: answers({ 200: jsonOf(pageOf(graphSchema, "GraphPage")) }),
    },
    async handle({ db, actor, query: { limit, cursor }, allow }) {
      await allow("see", { kind: "graph" });
      const rows = await db.graph.findMany({
        where: { deletedAt: null, id: cursor ? { lt: cursor } : undefined, ...visible(actor).graph },
        orderBy: { id: "desc" },
        take: limit,
        select: { id: true, name: true, description: true, updatedAt: true },
      });
      const items = rows.map((row) => ({ ...row, updatedAt: row.updatedAt.toISOString() }));
      return Response.json({ items, next: nextOf(items, limit) });
    },
  }),

  defineRoute({
    method: "get",
    path: "/graphs/{id}",
    params: ofGraph,
    query: z.object({ version: z.string().max(100).optional() }),
    operation: {
      operationId: "getGraph",
      summary: "What can be set of a graph, and what it gives",
      tags,
      responses: answers({ 200: jsonOf(graphDetailsSchema) }),
    },
    async handle(asked) {
      const graph = await seenGraph(asked);
      const version = await namedVersion(asked.db, graph.id, versionIn(asked.query.version));
      return Response.json({
        ...graph,
        version: toldVersion(version),
        parameters: toldParameters(version.document),
        outputs: toldOutputPorts(version.document),
      });
    },
  }),

  defineRoute({
    method: "get",
    path: "/graphs/{id}/versions",
    params: ofGraph,
    query: paging.omit({ cursor: true }).extend({ before: z.coerce.number().pipe(z.int().min(1)).optional() }),
    operation: {
      operationId: "listVersions",
      summary: "The named versions of a graph, the newest first",
      tags,
      responses: answers({ 200: jsonOf(z.object({ items: z.array(versionSchema), next: z.int().nullable() })) }),
    },
    async handle(asked) {
      const graph = await seenGraph(asked);
      const items = (await namedVersions(asked.db, graph.id, asked.query)).map(toldVersion);
      const next = items.length === asked.query.limit ? (items.at(-1)?.number ?? null) : null;
      return Response.json({ items, next });
    },
  }),

  defineRoute({
    method: "post",
    path: "/graphs/{id}/runs",
    params: ofGraph,
    query: waiting,
    operation: {
      operationId: "runGraph",
      summary: "Runs a graph",
      description: "A named version of it: the last one, unless another is asked for.",
      tags,
      requestParams: { header: idempotencyKey },
      requestBody: runRequestBody,
      responses: runAnswers,
    },
    async handle(asked) {
      const { wait = 0 } = asked.query;
      await asked.allow("run", { kind: "graph", id: asked.params.id });
      const served = await servedFor(asked, wait);
      if (!served) await refuseUnknown(asked.db, asked.params.id);
      const body = await readBody(asked, served ? inMemory : await keepingFor(asked));
      const request = runRequestSchema.parse(body.json);
      if (served && isServed(served, request)) return answerServed(asked, served, request, body);
      const wanted = await readWanted(asked, request, served ? await withStoredFiles(body) : body);
      const started = await startRun(asked, wanted);
      if (wait) {
        await untilEnd(asked.db, started.id, wait, asked.request.signal);
        await mustStillSee(asked.db, asked.actor, { kind: "run", id: started.id });
      }
      return answerOfRun(asked.db, started.id, { isComplete: wait > 0, isKnown: started.isKnown });
    },
  }),
];

/** Files of a request are kept for the team whose graph it is, as far as it has room. */
async function keepingFor({ db, actor, params }: Asked<{ id: string }, object>) {
  return toStoreWithin(await largestUpload(db, await ownerOfRun(db, actor, params.id)));
}

export async function refuseUnknown(db: Db, graphId: string): Promise<void> {
  if (!(await db.graph.count({ where: { id: graphId, deletedAt: null } }))) throw notFound("This graph");
}

/** The end of a run with what it gave, where that was waited for; or where it can be looked for. */
async function answerOfRun(
  db: Db,
  run: string,
  { isComplete, isKnown }: { isComplete: boolean; isKnown: boolean },
): Promise<Response> {
  const told = await toldRun(db, run);
  const headers = { Location: told.links.self, ...(isKnown ? { "Idempotent-Replayed": "true" } : {}) };
  if (!isComplete || !hasEnded(told)) return Response.json(told, { status: 202, headers });
  return Response.json({ ...told, outputs: await outputsOfRun(db, run) }, { headers });
}

async function seenGraph({ db, params, allow }: Asked<{ id: string }, object>) {
  await allow("see", { kind: "graph", id: params.id });
  const graph = await db.graph.findFirst({
    where: { id: params.id, deletedAt: null },
    select: { id: true, name: true, description: true, updatedAt: true },
  });
  if (!graph) throw notFound("This graph");
  return { ...graph, updatedAt: graph.updatedAt.toISOString() };
}

/** In an address a number is a number. */
export function versionIn(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : text;
}

function toldVersion({ number, name, createdAt }: NamedVersion): z.output<typeof versionSchema> {
  return { number, name, createdAt: createdAt.toISOString() };
}

function toldParameters(document: GraphDocument): z.output<typeof graphDetailsSchema>["parameters"] {
  const found = [...parametersOf(document)].map(([name, { schema, title, value, file }]) => {
    return [name, { schema: jsonSchemaOf(schema), title, value, file }] as const;
  });
  return Object.fromEntries(found);
}

/** What nodes give that may be asked for, and what is given where nothing is. */
function toldOutputPorts(document: GraphDocument): z.output<typeof graphDetailsSchema>["outputs"] {
  const last = new Set(sinks(resolve(document, registry)));
  const found = Object.keys(document.nodes).flatMap((node) =>
    Object.entries<Port>(definitionOf(document, node, registry)?.outputs ?? {}).map(([port, { type }]) => {
      return [
        `${node}.${port}`,
        { type, title: `${titleIn(document, node)}: ${port}`, byDefault: last.has(node) },
      ] as const;
    }),
  );
  return Object.fromEntries(found);
}
