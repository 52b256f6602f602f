import type { GraphDocument } from "#nodes/graph/document";
import type { RunStatus } from "#nodes/graph/events";
import { type Difference, differences } from "#nodes/graph/differences";
import type { Db } from "../db";

export interface Comparison {
  runs: { id: string; name: string; number: number | null; sweepId: string | null; status: RunStatus; provider: string | null; createdAt: Date; startedAt: Date | null; finishedAt: Date | null; /** Number outputs by "node.port". */ numbers: Record<string, number> }[];
  parameters: Difference[];
}

/** Runs side by side, oldest first. Those that do not exist any more are left out. */
export async function compareRuns(db: Db, ids: readonly string[]): Promise<Comparison> {
  const found = await db.run.findMany({ where: { id: { in: [...ids] } }, orderBy: [{ createdAt: "asc" }, { number: "asc" }] });
  const runs = found.map(({ id, name, number, sweepId, status, provider, createdAt, startedAt, finishedAt, result }) => {
    const { outputs = {} } = (result ?? {}) as { outputs?: Record<string, Record<string, { type: string; value: unknown }>> };
    const numbers = Object.entries(outputs).flatMap(([node, ports]) => Object.entries(ports).flatMap(([port, { type, value }]) => (type === "number" ? [[`${node}.${port}`, value as number]] : [])));
    return { id, name, number, sweepId, status, provider, createdAt, startedAt, finishedAt, numbers: Object.fromEntries(numbers) };
  });
  return { runs, parameters: differences(found.map((r) => r.document as GraphDocument)) };
}
