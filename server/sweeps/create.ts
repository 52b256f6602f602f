import type { GraphDocument } from "#nodes/graph/document";
import { expandSweep } from "#nodes/graph/expand-sweep";
import { type SweepSpec, withAssignment } from "#nodes/graph/sweep";
import type { Db } from "../db";
import { Failure } from "../errors";
import { enqueue, prepareQueue } from "../jobs/queue";
import { refuseErrors } from "../runs/create";

/** Every run keeps its own snapshot of the graph; together they may be this large. */
const maxBytes = 256 * 2 ** 20;

/** A sweep and all its runs, queued in one transaction. Each run computes what the metric needs. Refused when a value, or what all runs share, is wrong. */
export async function createSweep(
  db: Db,
  { graphId, document, spec }: { graphId?: string; document: GraphDocument; spec: SweepSpec },
): Promise<{ id: string; runs: number }> {
  const {
    trials,
    problems: [wrong],
  } = expandSweep(document, spec);
  const targets = [spec.metric.node];
  if (wrong)
    throw new Failure({
      message: wrong.message,
      hint: wrong.hint,
      node: wrong.node,
      port: wrong.port,
      param: wrong.param,
    });
  refuseErrors(withAssignment(document, trials[0] ?? {}), targets);
  const bytes = trials.length * JSON.stringify(document).length;
  if (bytes > maxBytes)
    throw new Failure({
      message: `${trials.length} runs of this graph would store ${Math.ceil(bytes / 2 ** 20)} MiB of snapshots; ${maxBytes / 2 ** 20} MiB is the limit.`,
      hint: "Ask for fewer runs, or keep large values in uploads instead of parameters.",
    });
  await prepareQueue();
  return db.$transaction(
    async (tx) => {
      const { id } = await tx.sweep.create({
        data: { graphId, name: document.name, document, spec },
        select: { id: true },
      });
      const rows = trials.map((assignment, i) => ({
        graphId,
        sweepId: id,
        number: i + 1,
        assignment,
        name: document.name,
        document: withAssignment(document, assignment),
        targets,
      }));
      const runs = await tx.run.createManyAndReturn({ data: rows, select: { id: true, number: true } });
      await tx.runEvent.createMany({
        data: runs.map((run) => ({ runId: run.id, attempt: 0, data: { kind: "status", status: "queued" } })),
      });
      // First things first; below an ordinary run, which somebody waits for. Two sweeps take turns.
      await enqueue(
        "run",
        runs.map((run) => ({ data: { runId: run.id }, priority: -(run.number ?? 0) })),
        tx,
      );
      return { id, runs: runs.length };
    },
    { timeout: 60_000 },
  );
}
