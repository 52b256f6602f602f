/** What a template needs of whoever uses it, written down when it is published. */
import * as z from "zod";
import type { GraphDocument } from "#nodes/graph/document";
import { neededElsewhere } from "#nodes/graph/elsewhere";
import { measuredRun, type MeasuredRun } from "../bundles/manifest";
import type { Db } from "../db";
import { stepsOf } from "./size";

export const templateNeeds = z.object({
  nodes: z.int().min(0).default(0),
  trains: z.boolean().default(false),
  hub: z.array(z.object({ model: z.string(), revision: z.string() })).default([]),
  /** What `patchbay fetch NAME` brings. */
  fetched: z.array(z.string()).default([]),
  /** Nodes that read folders of the machine which it was made on, and nodes that read from the network. */
  folders: z.int().min(0).default(0),
  online: z.int().min(0).default(0),
  /** Files that come with it. */
  files: z.object({ count: z.int().min(0), bytes: z.number().min(0) }).default({ count: 0, bytes: 0 }),
  measured: measuredRun.optional(),
});
export type TemplateNeeds = z.output<typeof templateNeeds>;

interface Known {
  files: readonly { bytes: number }[];
  measured?: MeasuredRun;
}

export function needsOf(document: GraphDocument, { files, measured }: Known): TemplateNeeds {
  const { hub, fetched, folders, online } = neededElsewhere(document);
  return {
    ...stepsOf(document),
    hub,
    fetched,
    folders: folders.length,
    online: online.length,
    files: { count: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0) },
    measured,
  };
}

/** What the last finished run of a version took; of a version that was never run, the last one of its graph. */
export async function measuredOf(db: Db, version: { id: string; graphId: string }): Promise<MeasuredRun | undefined> {
  const newest = { orderBy: { createdAt: "desc" }, select: { id: true, startedAt: true, finishedAt: true } } as const;
  const done = { status: "done", sweepId: null, startedAt: { not: null }, finishedAt: { not: null } } as const;
  const run =
    (await db.run.findFirst({ where: { ...done, versionId: version.id }, ...newest })) ??
    (await db.run.findFirst({ where: { ...done, graphId: version.graphId }, ...newest }));
  if (!run?.startedAt || !run.finishedAt) return undefined;
  const seconds = (run.finishedAt.getTime() - run.startedAt.getTime()) / 1000;
  const [{ memory } = { memory: null }] = await db.$queryRaw<{ memory: bigint | null }[]>`
    select max(("data"->>'bytes')::bigint) as memory from "RunEvent"
    where "runId" = ${run.id}::uuid and "data"->>'kind' = 'memory'`;
  return { seconds, ...(memory === null ? {} : { memory: Number(memory) }) };
}

/** The same by the version's id; null where there is no such version, or no run. */
export async function measuredOfVersion(db: Db, id: string): Promise<MeasuredRun | null> {
  const version = await db.graphVersion.findUnique({ where: { id }, select: { id: true, graphId: true } });
  return (version && (await measuredOf(db, version))) ?? null;
}

/**
 * What the last whole run of each template took here, in seconds, by the name of one that ships or the id of one that
 * was published: of a graph that was made of it, of all nodes, with nothing from the cache. The index Run_whole_idx has
 * these runs by the same condition, so that no result is read for it.
 */
export async function secondsHere(db: Db): Promise<Map<string, number>> {
  const rows = await db.$queryRaw<{ template: string; seconds: number }[]>`
    select distinct on (made.template) made.template, run.seconds
    from (
      select id, coalesce("document"->>'template', "originTemplateId"::text) as template from "Graph"
      where "deletedAt" is null
    ) made
    cross join lateral (
      select "createdAt", extract(epoch from "finishedAt" - "startedAt")::float8 as seconds from "Run"
      where "graphId" = made.id and status = 'done' and "sweepId" is null and coalesce(cardinality(targets), 0) = 0
        and "startedAt" is not null and "finishedAt" is not null and json_array_length(result->'cached') = 0
      order by "createdAt" desc limit 1
    ) run
    where made.template is not null
    order by made.template, run."createdAt" desc`;
  return new Map(rows.map(({ template, seconds }) => [template, seconds]));
}
