import { readSchemas } from "#nodes/graph/document";
import type { Db } from "../db";
import { readEach } from "../rows";
import { readable } from "./checked";

/** What a list says of a graph; `broken` says why it cannot be opened. */
export interface Outline {
  nodes: number;
  broken?: string;
}

/**
 * Outlines of graphs by id. Nodes are counted by the database, so that a list need not read the documents; those that
 * look like no graph are read, and one that cannot be read takes no other with it.
 */
export async function outlinesOf(db: Db, graphs: readonly { id: string }[]): Promise<Map<string, Outline>> {
  const ids = graphs.map(({ id }) => id);
  const counts = await readEach(ids, (some) => countNodes(db, some));
  const outlines = ids.map(async (id): Promise<[string, Outline]> => {
    const nodes = counts.get(id)?.nodes ?? undefined;
    return [id, nodes === undefined ? await readOutline(db, id) : { nodes }];
  });
  return new Map(await Promise.all(outlines));
}

/** Null for what looks like no graph. */
function countNodes(db: Db, ids: readonly string[]): Promise<{ id: string; nodes: number | null }[]> {
  return db.$queryRaw`
    select "id", case
      when json_typeof("document"->'nodes') = 'object' and json_typeof("document"->'wires') = 'array'
        and "document"->>'schema' = any(${readSchemas.map(String)})
      then (select count(*)::int from json_object_keys("document"->'nodes'))
    end as nodes
    from "Graph" where "id" = any(${ids}::uuid[])`;
}

async function readOutline(db: Db, id: string): Promise<Outline> {
  const stored = await readEach([id], (ids) =>
    db.graph.findMany({ where: { id: { in: ids } }, select: { id: true, document: true } }),
  );
  const { document, broken } = readable(stored.get(id)?.document);
  return { nodes: Object.keys(document.nodes).length, broken };
}
