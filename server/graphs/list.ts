import type { RunStatus } from "#nodes/graph/events";
import type { Db } from "../db";
import { type Outline, outlinesOf } from "./outline";

export interface GraphCard extends Outline {
  id: string;
  name: string;
  description: string;
  updatedAt: Date;
  publishedAt: Date | null;
  lastRun?: { id: string; status: RunStatus; createdAt: Date };
}

/** The graphs there are, those that were changed last first. */
export async function listGraphs(db: Db): Promise<GraphCard[]> {
  const graphs = await db.graph.findMany({
    where: { deletedAt: null },
    orderBy: { updatedAt: "desc" },
    take: 200,
    omit: { document: true },
    include: {
      runs: {
        where: { sweepId: null },
        orderBy: { createdAt: "desc" },
        take: 1,
        select: { id: true, status: true, createdAt: true },
      },
    },
  });
  const outlines = await outlinesOf(db, graphs);
  return graphs.map(({ id, name, description, updatedAt, publishedAt, runs }) => ({
    id,
    name,
    description,
    updatedAt,
    publishedAt,
    ...(outlines.get(id) ?? { nodes: 0 }),
    lastRun: runs[0],
  }));
}
