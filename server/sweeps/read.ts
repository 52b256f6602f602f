import type { GraphDocument } from "#nodes/graph/document";
import type { PublicError, RunStatus } from "#nodes/graph/events";
import { compositeOf } from "#nodes/graph/composites";
import { type Assignment, madeAt, type SweepMetric, type SweepSpec } from "#nodes/graph/sweep";
import type { Actor } from "../access/actor";
import { visible } from "../access/visible";
import type { Db } from "../db";
import { readable } from "../graphs/checked";
import { readEach } from "../rows";
import { lastEventOf, lastValueOf } from "../runs/events";
import { specOf } from "./spec";

export interface SweepSummary {
  id: string;
  graphId: string | null;
  name: string;
  spec: SweepSpec;
  /** Titles, or else types, of the nodes that the spec names. */
  nodes: Record<string, { type: string; title?: string }>;
  status: RunStatus;
  runs: { [S in RunStatus]: number };
  best: number | null;
  createdAt: Date;
  /** Why what is stored of the sweep cannot be read; its spec and its graph are empty then. */
  broken?: string;
}
export interface Trial {
  id: string;
  number: number;
  status: RunStatus;
  assignment: Assignment;
  metric: number | null;
  /** The metric is that of a run that still goes on. */
  provisional?: boolean;
  progress?: { done: number; of: number };
  error: PublicError | null;
  startedAt: Date | null;
  finishedAt: Date | null;
}

/** The sweeps there are, newest first. */
export async function listSweeps(db: Db, actor: Actor): Promise<SweepSummary[]> {
  const listed = await db.sweep.findMany({
    where: visible(actor).sweep,
    orderBy: { createdAt: "desc" },
    take: 100,
    omit: { document: true, spec: true },
  });
  const ids = listed.map(({ id }) => id);
  const rows = await readEach(ids, (some) => db.sweep.findMany({ where: { id: { in: some } } }));
  return summaries(
    db,
    listed.map((sweep) => rows.get(sweep.id) ?? { ...sweep, document: null, spec: null }),
  );
}

/** A sweep and its runs in order, or nothing. Of running ones the metric is what they last told of it. */
export async function readSweep(db: Db, id: string): Promise<(SweepSummary & { trials: Trial[] }) | undefined> {
  const sweep = await db.sweep.findUnique({ where: { id } });
  if (!sweep) return undefined;
  const [summary] = (await summaries(db, [sweep])) as [SweepSummary];
  const runs = await db.run.findMany({ where: { sweepId: id }, orderBy: { number: "asc" }, select: trialColumns });
  const { metric } = summary.spec;
  const made = { ...metric, ...madeAt(readable(sweep.document).document, metric) };
  const trials = runs.map(async (run): Promise<Trial> => {
    const soFar = run.status === "running" ? await toldSoFar(db, run.id, made) : {};
    return {
      ...run,
      number: run.number ?? 0,
      assignment: run.assignment as Assignment,
      error: run.error as PublicError | null,
      ...soFar,
    };
  });
  return { ...summary, trials: await Promise.all(trials) };
}

const trialColumns = {
  id: true,
  number: true,
  status: true,
  assignment: true,
  metric: true,
  error: true,
  startedAt: true,
  finishedAt: true,
} as const;

type StoredSweep = Pick<SweepSummary, "id" | "graphId" | "name" | "createdAt"> & { document: unknown; spec: unknown };

async function summaries(db: Db, sweeps: readonly StoredSweep[]): Promise<SweepSummary[]> {
  const groups = await db.run.groupBy({
    by: ["sweepId", "status"],
    where: { sweepId: { in: sweeps.map(({ id }) => id) } },
    _count: true,
    _min: { metric: true },
    _max: { metric: true },
  });
  return sweeps.map((sweep) =>
    summaryOf(
      sweep,
      groups.filter(({ sweepId }) => sweepId === sweep.id),
    ),
  );
}

/** Runs of a sweep that have one status. */
interface RunGroup {
  status: RunStatus;
  _count: number;
  _min: { metric: number | null };
  _max: { metric: number | null };
}

function summaryOf({ document, ...sweep }: StoredSweep, groups: readonly RunGroup[]): SweepSummary {
  const spec = specOf(sweep.spec);
  const { goal, node } = (spec ?? noSpec).metric;
  const runs = { queued: 0, running: 0, done: 0, failed: 0, cancelled: 0 };
  for (const { status, _count } of groups) runs[status] = _count;
  const metrics = groups.flatMap(({ _min, _max }) => (goal === "min" ? _min.metric : _max.metric) ?? []);
  return {
    ...sweep,
    spec: spec ?? noSpec,
    nodes: namesIn(document, [node, ...(spec ?? noSpec).axes.map((axis) => axis.node)]),
    status: statusOf(runs),
    runs,
    best: metrics.length ? Math[goal](...metrics) : null,
    ...(spec ? {} : { broken: "What it varies and measures is not stored as a sweep has it." }),
  };
}

/** What stands for the spec of a sweep that is broken. */
const noSpec: SweepSpec = { mode: "grid", axes: [], count: 1, seed: 0, metric: { node: "", port: "", goal: "max" } };

/** Types and titles of some nodes of a stored graph; of one that is no graph, none. */
function namesIn(document: unknown, ids: readonly string[]): SweepSummary["nodes"] {
  const { nodes, composites } = (document ?? {}) as Partial<GraphDocument>;
  const named = ids.flatMap((id) => {
    const node = typeof nodes === "object" && nodes !== null && Object.hasOwn(nodes, id) ? nodes[id] : undefined;
    return typeof node?.type === "string"
      ? [[id, { type: node.type, title: node.title ?? compositeOf({ composites }, node)?.title }] as const]
      : [];
  });
  return Object.fromEntries(named);
}

/** A sweep is what its runs are: nothing has to be kept in step with them. */
function statusOf({ queued, running, done, failed, cancelled }: SweepSummary["runs"]): RunStatus {
  if (running || (queued && done + failed)) return "running";
  if (queued) return "queued";
  if (cancelled) return "cancelled";
  return failed && !done ? "failed" : "done";
}

/** What a running training last told: its value of the metric's series, and how far it is. */
async function toldSoFar(db: Db, runId: string, { node, line }: SweepMetric): Promise<Partial<Trial>> {
  const [metric, progress] = await Promise.all([
    lastValueOf(db, runId, node, line),
    lastEventOf(db, runId, "node-progress", node),
  ]);
  return {
    ...(metric === undefined ? {} : { metric, provisional: true }),
    ...(progress ? { progress: { done: progress.done, of: progress.of } } : {}),
  };
}
