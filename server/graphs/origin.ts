import { isSame } from "#nodes/graph/document-shape";
import type { Db } from "../db";

/** Where a graph came from: a version of a template, and the graph that it is a copy of, with its version then. */
export interface Origin {
  originTemplateId?: string | null;
  originTemplateVersion?: number | null;
  originGraphId?: string | null;
  originGraphVersion?: number | null;
}

interface Copied extends Origin {
  id: string;
  document: unknown;
}

/** A copy of a graph has that one's template, too. Its version is told where what was copied is one. */
export async function originOfCopy(db: Db, graph: Copied): Promise<Origin> {
  const last = await db.graphVersion.findFirst({ where: { graphId: graph.id }, orderBy: { number: "desc" } });
  const isVersion = last !== null && isSame(last.document, graph.document);
  return {
    originTemplateId: graph.originTemplateId,
    originTemplateVersion: graph.originTemplateVersion,
    originGraphId: graph.id,
    originGraphVersion: isVersion ? last.number : null,
  };
}
