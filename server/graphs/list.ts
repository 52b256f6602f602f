import type { RunStatus } from "#nodes/graph/events";
import type { Actor } from "../access/actor";
import { visible } from "../access/visible";
import type { Db } from "../db";
import { type Outline, outlinesOf } from "./outline";

export interface GraphCard extends Outline {
  id: string;
  name: string;
  description: string;
  updatedAt: Date;
  /** Whether it is a template that others find. */
  isPublished: boolean;
  /** Whose it is. */
  team: { id: string; name: string };
  lastRun?: { id: string; status: RunStatus; createdAt: Date };
}

/** The graphs there are, those that were changed last first. */
export async function listGraphs(db: Db, actor: Actor): Promise<GraphCard[]> {
  const graphs = await db.graph.findMany({
    where: { deletedAt: null, ...visible(actor).graph },
    orderBy: { updatedAt: "desc" },
    take: 200,
    omit: { document: true },
    include: {
      team: { select: { id: true, name: true } },
      template: { select: { withdrawnAt: true } },
      runs: {
        where: { sweepId: null, ...visible(actor).run },
        orderBy: { createdAt: "desc" },
        take: 1,
        select: { id: true, status: true, createdAt: true },
      },
    },
  });
  const outlines = await outlinesOf(db, graphs);
  return graphs.map(({ id, name, description, updatedAt, template, team, runs }) => ({
    id,
    name,
    description,
    updatedAt,
    isPublished: template !== null && template.withdrawnAt === null,
    team,
    ...(outlines.get(id) ?? { nodes: 0 }),
    lastRun: runs[0],
  }));
}
