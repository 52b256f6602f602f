import { inFileName } from "#nodes/graph/composites";
import type { GraphDocument } from "#nodes/graph/document";
import type { PublicError, RunEvent } from "#nodes/graph/events";
import type { FormLimits } from "#nodes/graph/published-form";
import { metricValue } from "#nodes/graph/sweep";
import { numbersIn } from "./numbers";
import { specOf } from "../sweeps/spec";
import type { ExecuteResult } from "../runtime/execute";
import type { Db, Tx } from "../db";
import { tellEnds } from "../webhooks/webhooks";
import { isStoredRows, storedTensor } from "../storage/stored-rows";

export interface ClaimedRun {
  id: string;
  /** Whose run it is. */
  teamId: string;
  attempt: number;
  document: GraphDocument;
  targets: string[];
  /** What it may take at most. */
  limits?: FormLimits;
}

/** The run was given to another worker meanwhile: this one may not write any more. */
export class Fenced extends Error {}

/** Takes a run: the next attempt. Undefined when it is finished or cancelled already. */
export async function claimRun(db: Db, id: string): Promise<ClaimedRun | undefined> {
  return db.$transaction(async (tx) => {
    const cancelled = await tx.run.updateMany({
      where: { id, status: "running", cancelRequested: true },
      data: { status: "cancelled", finishedAt: new Date() },
    });
    if (cancelled.count) {
      await tell(tx, id, 0, [{ kind: "status", status: "cancelled" }]);
      await tellEnds(tx, [id]);
    }
    const claimed = await tx.run.updateMany({
      where: { id, status: { in: ["queued", "running"] } },
      data: { status: "running", attempt: { increment: 1 } },
    });
    if (!claimed.count) return undefined;
    const run = await tx.run.findUniqueOrThrow({ where: { id } });
    if (!run.startedAt) await tx.run.update({ where: { id }, data: { startedAt: new Date() } });
    await tell(tx, id, run.attempt, [{ kind: "status", status: "running", attempt: run.attempt }]);
    const limits = (run.limits ?? undefined) as FormLimits | undefined;
    const { teamId, attempt, targets } = run;
    return { id, teamId, attempt, document: run.document as GraphDocument, targets, limits };
  });
}

/** Writes events in order and wakes whoever watches. Throws `Fenced` when the attempt is no longer the run's. */
export async function appendEvents(db: Db, run: ClaimedRun, events: readonly RunEvent[]): Promise<void> {
  await db.$transaction(async (tx) => {
    await lockRun(tx, run);
    await tell(tx, run.id, run.attempt, events);
  });
}

/** Ends the run: status, result, artifacts and the last events, all or nothing. */
export async function finishRun(
  db: Db,
  run: ClaimedRun,
  events: readonly RunEvent[],
  ended: ExecuteResult,
): Promise<void> {
  const { status, outputs, ran, cached, timings, provider, problems, warnings, error } = ended;
  await db.$transaction(async (tx) => {
    await lockRun(tx, run);
    const { sweep } = await tx.run.findUniqueOrThrow({
      where: { id: run.id },
      select: { sweep: { select: { spec: true } } },
    });
    const spec = specOf(sweep?.spec);
    await tx.run.update({
      where: { id: run.id },
      data: {
        status,
        provider,
        metric: spec && metricValue(spec.metric, outputs, run.document),
        error: error && asJson(error),
        numbers: numbersIn(outputs),
        result: asJson({ outputs, ran, cached, timings, problems, warnings }),
        finishedAt: new Date(),
      },
    });
    await tx.artifact.createMany({ data: artifactsOf(run, outputs) });
    await tell(tx, run.id, run.attempt, [...events, { kind: "status", status, error, provider }]);
    await tellEnds(tx, [run.id]);
  });
}

interface NewArtifact {
  runId: string;
  node: string;
  port: string;
  type: string;
  ref: string;
  name: string;
}

const endings: Partial<Record<string, string>> = { weights: ".safetensors", tensor: ".npy" };

/** A tensor in chunks is called by the first of them; `openTensorFile` gives all. */
const firstChunkOf = (type: string, value: unknown): string | undefined =>
  type === "tensor" && isStoredRows(value) ? storedTensor(value).refs[0] : undefined;

/** The files among a run's outputs. */
function artifactsOf(run: ClaimedRun, outputs: ExecuteResult["outputs"]): NewArtifact[] {
  const artifacts: NewArtifact[] = [];
  for (const [node, ports] of Object.entries(outputs)) {
    for (const [port, { type, value }] of Object.entries(ports)) {
      const { ref = firstChunkOf(type, value), name } = (value ?? {}) as { ref?: string; name?: string };
      if (!ref) continue;
      const fallback = `${inFileName(node)}.${port}${endings[type] ?? ""}`;
      artifacts.push({ runId: run.id, node, port, type, ref, name: name ?? fallback });
    }
  }
  return artifacts;
}

/** What a run has done before its first node. */
export const nothingDone = () => ({
  outputs: {},
  ran: [],
  cached: [],
  timings: {},
  problems: [],
  warnings: [],
});

/** Ends a run that could not be executed at all. */
export async function failRun(db: Db, run: ClaimedRun, error: PublicError): Promise<void> {
  await finishRun(db, run, [], {
    ...nothingDone(),
    status: "failed",
    error,
  });
}

/**
 * Locks the run's row for this attempt. Inserts of one run are serial by this, so their ids are in the order of their
 * commits.
 */
async function lockRun(tx: Tx, { id, attempt }: ClaimedRun): Promise<void> {
  const rows = await tx.$queryRaw<
    { attempt: number; status: string }[]
  >`select "attempt", "status"::text from "Run" where "id" = ${id}::uuid for update`;
  if (rows[0]?.attempt !== attempt || rows[0].status !== "running")
    throw new Fenced(
      `run ${id} is at attempt ${rows[0]?.attempt} (${rows[0]?.status}), and this is attempt ${attempt}`,
    );
}

async function tell(tx: Tx, runId: string, attempt: number, events: readonly RunEvent[]): Promise<void> {
  if (events.length)
    await tx.runEvent.createMany({ data: events.map((data) => ({ runId, attempt, data: asJson(data) })) });
  await tx.$executeRaw`select pg_notify('run_events', ${runId})`;
}

/** A value as JSON has it: without what is undefined. */
const asJson = (value: object): object => JSON.parse(JSON.stringify(value));
