import type { Db } from "../db";

/** How many nodes graphs have, by id; counted by the database, so that a list need not read the documents. */
export async function nodeCounts(db: Db, graphs: readonly { id: string }[]): Promise<Map<string, number>> {
  const rows = await db.$queryRaw<
    { id: string; nodes: number }[]
  >`select "id", (select count(*)::int from json_object_keys("document"->'nodes')) as nodes
    from "Graph" where "id" = any(${graphs.map(({ id }) => id)}::uuid[])`;
  return new Map(rows.map(({ id, nodes }) => [id, nodes]));
}
