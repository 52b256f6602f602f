import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import { sinks } from "#nodes/graph/plan";
import type { Db } from "../db";
import { Failure, failureOf } from "../errors";
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
  const unknown = targets.find((id) => !Object.hasOwn(document.nodes, id));
  if (unknown !== undefined)
    throw new Failure({
      message: `The run asks for the node “${unknown.slice(0, 64)}”, which is not in the graph.`,
      hint: `Its nodes are ${Object.keys(document.nodes).join(", ").slice(0, 500) || "none"}.`,
    });
  const { graph, problems } = check(document);
  const asked = targets.length ? targets : sinks(graph);
  const needed = new Set(asked);
  for (const id of needed) for (const wire of document.wires) if (wire.to.node === id) needed.add(wire.from.node);
  const wrong = problems.find((p) => p.severity === "error" && (p.node === undefined || needed.has(p.node)));
  if (wrong) throw failureOf(wrong);
  if (!Object.keys(document.nodes).length)
    throw new Failure({
      message: "The graph has no nodes, so there is nothing to run.",
      hint: "Add a node from the palette.",
    });
}

/** The graph's version that holds this document; a new one if it differs from the last. */
async function snapshot(tx: Db, graphId: string, document: GraphDocument): Promise<string | undefined> {
  if (!(await tx.graph.findFirst({ where: { id: graphId, deletedAt: null }, select: { id: true } }))) return undefined;
  const last = await tx.graphVersion.findFirst({ where: { graphId }, orderBy: { number: "desc" } });
  if (last && JSON.stringify(last.document) === JSON.stringify(document)) return last.id;
  return (await tx.graphVersion.create({ data: { graphId, number: (last?.number ?? 0) + 1, document } })).id;
}
