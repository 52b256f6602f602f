import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import type { Db } from "../db";
import { readyTargets } from "../graphs/ready";
import { enqueue, prepareQueue } from "../jobs/queue";

export interface NewRun {
  graphId?: string;
  document: GraphDocument;
  targets?: string[];
}

/** A run of a frozen snapshot, queued in the same transaction. Refused when what it needs has an error. */
export async function createRun(db: Db, { graphId, document, targets = [] }: NewRun): Promise<{ id: string }> {
  refuseErrors(document, targets);
  await prepareQueue();
  return db.$transaction(async (tx) => {
    const version = graphId ? await snapshot(tx as Db, graphId, document) : undefined;
    const run = await tx.run.create({
      data: {
        graphId,
        versionId: version,
        name: document.name,
        document,
        targets,
        events: { create: { attempt: 0, data: { kind: "status", status: "queued" } } },
      },
      select: { id: true },
    });
    await enqueue("run", [{ data: { runId: run.id } }], tx);
    return run;
  });
}

/** Throws the first error in what the targets need; in the whole graph when there are none. */
export function refuseErrors(document: GraphDocument, targets: readonly string[]): void {
  readyTargets(document, check(document), targets.length ? targets : undefined);
}

/** The graph's version that holds this document; a new one if it differs from the last. */
async function snapshot(tx: Db, graphId: string, document: GraphDocument): Promise<string | undefined> {
  if (!(await tx.graph.findFirst({ where: { id: graphId, deletedAt: null }, select: { id: true } }))) return undefined;
  const last = await tx.graphVersion.findFirst({ where: { graphId }, orderBy: { number: "desc" } });
  if (last && JSON.stringify(last.document) === JSON.stringify(document)) return last.id;
  return (await tx.graphVersion.create({ data: { graphId, number: (last?.number ?? 0) + 1, document } })).id;
}
