/** A run as the API tells it. */
import type * as z from "zod";
import type { PublicError } from "#nodes/graph/events";
import type { Assignment } from "#nodes/graph/sweep";
import type { Actor } from "../access/actor";
import { visible } from "../access/visible";
import type { Db } from "../db";
import { readable } from "../graphs/checked";
import { notFound } from "../not-found";
import type { StoredOutputs } from "../storage/stored-rows";
import { blobs } from "../storage/open";
import { apiPath } from "./base";
import { artifactAt, lastOutputs, toldOutputs } from "./outputs";
import { asProblem } from "./problem";
import type { ApiOutput, ApiRun, artifactSchema } from "./schemas";

const columns = {
  id: true,
  graphId: true,
  name: true,
  status: true,
  error: true,
  assignment: true,
  createdAt: true,
  startedAt: true,
  finishedAt: true,
  version: { select: { number: true } },
} as const;

export async function toldRun(db: Db, id: string): Promise<ApiRun> {
  const row = await db.run.findUnique({ where: { id }, select: columns });
  if (!row) throw notFound("This run");
  return asTold(row);
}

/** Runs, the newest first, from behind one of them on. */
export async function toldRuns(
  db: Db,
  actor: Actor,
  { graph, status, limit, cursor }: { graph?: string; status?: ApiRun["status"]; limit: number; cursor?: string },
): Promise<ApiRun[]> {
  const rows = await db.run.findMany({
    where: { graphId: graph, status, sweepId: null, id: cursor ? { lt: cursor } : undefined, ...visible(actor).run },
    orderBy: { id: "desc" },
    take: limit,
    select: columns,
  });
  return rows.map(asTold);
}

interface Row {
  id: string;
  graphId: string | null;
  name: string;
  status: ApiRun["status"];
  error: unknown;
  assignment: unknown;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  version: { number: number } | null;
}

function asTold({ graphId, version, assignment, error, ...row }: Row): ApiRun {
  const self = `${apiPath()}/runs/${row.id}`;
  return {
    ...row,
    graph: graphId,
    version: version?.number ?? null,
    parameters: (assignment ?? {}) as Assignment,
    error: error ? asProblem(error as PublicError) : null,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    links: { self, events: `${self}/events`, outputs: `${self}/outputs` },
  };
}

export const hasEnded = ({ status }: Pick<ApiRun, "status">): boolean => status !== "queued" && status !== "running";

/** What a run gave: at the nodes that it was asked for, or at all that lead there. */
export async function outputsOfRun(db: Db, id: string, all = false): Promise<Record<string, ApiOutput>> {
  const row = await db.run.findUnique({ where: { id }, select: { document: true, targets: true, result: true } });
  if (!row) throw notFound("This run");
  const { document } = readable(row.document);
  const outputs = ((row.result ?? {}) as { outputs?: Record<string, StoredOutputs> }).outputs ?? {};
  const everything = Object.entries(outputs).flatMap(([node, ports]) =>
    Object.keys(ports).map((port) => `${node}.${port}`),
  );
  const places = all ? everything : lastOutputs(document, row.targets);
  return toldOutputs({ run: id, places, outputs, document, blobs: blobs() });
}

/** The files that a run made. */
export async function artifactsOf(db: Db, run: string): Promise<z.output<typeof artifactSchema>[]> {
  const rows = await db.artifact.findMany({ where: { runId: run }, orderBy: { id: "asc" } });
  return rows.map(({ node, port, type, name }) => ({
    output: `${node}.${port}`,
    type,
    name,
    href: artifactAt(run, node, port),
  }));
}
