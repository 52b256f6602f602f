import type { RunEvent } from "#nodes/graph/events";
import type { Db } from "../db";
import type { Listener } from "../jobs/notify";

export interface StoredEvent {
  id: string;
  event: RunEvent;
  /** When it was told. */
  at: Date;
}

const page = 500;

/**
 * A run's events after `lastId`, those that are stored and then those that come, until the run has ended. Listens first and reads
 * second, so that nothing falls between; looks again every few seconds in case a message was lost.
 */
export async function* watchRun(
  db: Db,
  listener: Listener,
  runId: string,
  lastId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<StoredEvent> {
  let wake = () => {};
  let last = BigInt(lastId && /^\d{1,18}$/.test(lastId) ? lastId : 0);
  const stop = listener.on("run_events", (id) => (id === "" || id === runId) && wake());
  const abort = () => wake();
  signal.addEventListener("abort", abort, { once: true });
  try {
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 3000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      const rows = await db.runEvent.findMany({
        where: { runId, id: { gt: last } },
        orderBy: { id: "asc" },
        take: page,
      });
      for (const { id, data, createdAt } of rows) {
        last = id;
        yield { id: String(id), event: data as unknown as RunEvent, at: createdAt };
      }
      const end = rows.at(-1)?.data as RunEvent | undefined;
      if (end?.kind === "status" && end.status !== "queued" && end.status !== "running") return;
      if (rows.length === page) continue;
      if (
        !rows.length &&
        !(await db.run.count({ where: { id: runId, status: { in: ["queued", "running"] } } })) &&
        !(await db.runEvent.count({ where: { runId, id: { gt: last } } }))
      )
        return;
      await woken;
    }
  } finally {
    stop();
    signal.removeEventListener("abort", abort);
  }
}
