import { setImmediate } from "node:timers/promises";
import type { GraphDocument } from "#nodes/graph/document";
import { expandSweep } from "#nodes/graph/expand-sweep";
import { type Assignment, type SweepSpec, withAssignment } from "#nodes/graph/sweep";
import { judgedTrials } from "#nodes/graph/sweep-problems";
import type { Prisma } from "../../prisma/generated/client";
import type { Actor } from "../access/actor";
import { refuseForeignFiles } from "../access/files";
import { refuseTooManyRuns } from "../access/quota";
import type { Db, Tx } from "../db";
import { Failure, failureOf } from "../errors";
import { enqueue, prepareQueue } from "../jobs/queue";
import { fairPriority } from "../runs/fair";
import { ownerOfRun, refuseErrors } from "../runs/create";

/** Every run keeps its own snapshot of the graph; together they may be this large. */
const maxBytes = 256 * 2 ** 20;

export interface NewSweep {
  graphId?: string;
  document: GraphDocument;
  spec: SweepSpec;
  /** Who asks: whoever calls this has asked whether they may. */
  actor?: Actor;
}

/**
 * A sweep and all its runs, queued in one transaction. Each run computes what the metric needs. Refused when a value,
 * or the graph with those of any run, is wrong.
 */
export async function createSweep(
  db: Db,
  { graphId, document, spec, actor = { kind: "local" } }: NewSweep,
): Promise<{ id: string; runs: number }> {
  const { trials, problems } = expandSweep(document, spec);
  const [wrong] = problems;
  if (wrong) throw failureOf(wrong);
  const targets = [spec.metric.node];
  await refuseWrongTrials(document, spec, trials);
  refuseErrors(withAssignment(document, trials[0] ?? {}), targets);
  refuseTooLarge(document, trials.length);
  const owner = await ownerOfRun(db, actor, graphId);
  await refuseForeignFiles(db, actor, document);
  await refuseTooManyRuns(db, owner, trials.length);
  await prepareQueue();
  return db.$transaction(
    async (tx) => {
      const { name } = document;
      const { id } = await tx.sweep.create({ data: { ...owner, graphId, name, document, spec }, select: { id: true } });
      const first = await fairPriority(tx, owner.userId);
      const rows = trials.map((assignment, i) => ({
        ...owner,
        graphId,
        sweepId: id,
        number: i + 1,
        // Below an ordinary run, which somebody waits for. Two sweeps take turns.
        priority: first - (i + 1),
        assignment,
        name,
        document: withAssignment(document, assignment),
        targets,
      }));
      await queueRuns(tx, rows);
      return { id, runs: rows.length };
    },
    { timeout: 60_000 },
  );
}

/** Trials that are looked at before others get their turn. */
const slice = 20;

/** Throws what is wrong with the first run that could not begin: a sweep is begun as a whole, or not at all. */
async function refuseWrongTrials(
  document: GraphDocument,
  spec: SweepSpec,
  trials: readonly Assignment[],
): Promise<void> {
  let number = 0;
  for (const wrong of judgedTrials(document, spec, trials)) {
    if (wrong) throw failureOf(wrong);
    if (++number % slice === 0) await setImmediate();
  }
}

function refuseTooLarge(document: GraphDocument, runs: number): void {
  const bytes = runs * JSON.stringify(document).length;
  if (bytes <= maxBytes) return;
  const [asked, limit] = [bytes, maxBytes].map((size) => Math.ceil(size / 2 ** 20));
  throw new Failure({
    message: `${runs} runs of this graph would store ${asked} MiB of snapshots; ${limit} MiB is the limit.`,
    hint: "Ask for fewer runs, or keep large values in uploads instead of parameters.",
  });
}

async function queueRuns(tx: Tx, rows: Prisma.RunCreateManyInput[]): Promise<void> {
  const runs = await tx.run.createManyAndReturn({ data: rows, select: { id: true, priority: true } });
  await tx.runEvent.createMany({
    data: runs.map(({ id }) => ({ runId: id, attempt: 0, data: { kind: "status", status: "queued" } })),
  });
  const jobs = runs.map(({ id, priority }) => ({ id, data: { runId: id }, priority }));
  await enqueue("run", jobs, tx);
}
