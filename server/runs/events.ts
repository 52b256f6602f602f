import type { RunEvent } from "#nodes/graph/events";
import type { Db } from "../db";

type EventOf<K extends RunEvent["kind"]> = Extract<RunEvent, { kind: K }>;

/** What a run told of one kind, in order. */
export async function eventsOf<K extends RunEvent["kind"]>(db: Db, runId: string, kind: K): Promise<EventOf<K>[]> {
  return (await db.$queryRaw<{ data: EventOf<K> }[]>`select "data" from "RunEvent" where "runId" = ${runId}::uuid and "data"->>'kind' = ${kind} order by "id"`).map((e) => e.data);
}

/** The last thing of one kind that a run told. */
export async function lastEventOf<K extends RunEvent["kind"]>(db: Db, runId: string, kind: K): Promise<EventOf<K> | undefined> {
  return (await db.$queryRaw<{ data: EventOf<K> }[]>`select "data" from "RunEvent" where "runId" = ${runId}::uuid and "data"->>'kind' = ${kind} order by "id" desc limit 1`)[0]?.data;
}
