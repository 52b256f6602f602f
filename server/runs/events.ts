import type { RunEvent } from "#nodes/graph/events";
import type { Db } from "../db";

type EventOf<K extends RunEvent["kind"]> = Extract<RunEvent, { kind: K }>;

/** What a run told of one kind, in order. */
export async function eventsOf<K extends RunEvent["kind"]>(db: Db, runId: string, kind: K): Promise<EventOf<K>[]> {
  return (
    await db.$queryRaw<
      { data: EventOf<K> }[]
    >`select "data" from "RunEvent" where "runId" = ${runId}::uuid and "data"->>'kind' = ${kind} order by "id"`
  ).map((e) => e.data);
}

/** The last thing of one kind that a run told of a node. */
export async function lastEventOf<K extends RunEvent["kind"]>(
  db: Db,
  runId: string,
  kind: K,
  node: string,
): Promise<EventOf<K> | undefined> {
  return (
    await db.$queryRaw<{ data: EventOf<K> }[]>`select "data" from "RunEvent"
      where "runId" = ${runId}::uuid and "data"->>'kind' = ${kind} and "data"->>'node' = ${node}
      order by "id" desc limit 1`
  )[0]?.data;
}

/** The last value of a training's line, or of its first one, that a run told. */
export async function lastValueOf(
  db: Db,
  runId: string,
  node: string,
  line: string | undefined,
): Promise<number | undefined> {
  if (line === undefined) return Object.values((await lastEventOf(db, runId, "metric", node))?.values ?? {})[0];
  const rows = await db.$queryRaw<
    { value: number }[]
  >`select ("data"->'values'->>${line})::float8 as value from "RunEvent"
    where "runId" = ${runId}::uuid and "data"->>'kind' = 'metric' and "data"->>'node' = ${node}
      and "data"->'values'->>${line} is not null
    order by "id" desc limit 1`;
  return rows[0]?.value;
}
