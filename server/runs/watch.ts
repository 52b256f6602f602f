import type { RunEvent, TimedEvent } from "#nodes/graph/events";
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
 * A run's events after `lastId`, those that are stored and then those that come, until the run has ended. Listens first
 * and reads second, so that nothing falls between; looks again every few seconds in case a message was lost.
 */
export async function* watchRun(
  db: Db,
  listener: Listener,
  runId: string,
  lastId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<StoredEvent> {
  const bell = new Bell();
  let last = BigInt(lastId && /^\d{1,18}$/.test(lastId) ? lastId : 0);
  const stop = listener.on("run_events", (id) => {
    if (id === "" || id === runId) bell.ring();
  });
  const abort = () => bell.ring();
  signal.addEventListener("abort", abort, { once: true });
  try {
    while (!signal.aborted) {
      const rung = bell.next(3000);
      const events = await shared(`events ${runId} ${last}`, () => eventsAfter(db, runId, last));
      for (const { id, event, at } of events) {
        last = id;
        yield { id: String(id), event, at };
      }
      if (isEnd(events.at(-1)?.event)) return;
      if (events.length === page) continue;
      if (!events.length && (await shared(`over ${runId} ${last}`, () => isOver(db, runId, last)))) return;
      await rung;
    }
  } finally {
    stop();
    signal.removeEventListener("abort", abort);
  }
}

const asked = new Map<string, Promise<unknown>>();

/** What is being asked already is not asked again: a hundred who watch a run wake at once and want the same. */
function shared<T>(question: string, ask: () => Promise<T>): Promise<T> {
  const known = asked.get(question);
  if (known) return known as Promise<T>;
  const answer = ask().finally(() => asked.delete(question));
  asked.set(question, answer);
  return answer;
}

/** Wakes whoever waits for it, or for so many milliseconds. */
class Bell {
  #wake = () => {};

  ring(): void {
    this.#wake();
  }

  next(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

async function eventsAfter(db: Db, runId: string, last: bigint): Promise<{ id: bigint; event: RunEvent; at: Date }[]> {
  const rows = await db.runEvent.findMany({ where: { runId, id: { gt: last } }, orderBy: { id: "asc" }, take: page });
  return rows.map(({ id, data, createdAt }) => {
    const { at, ...event } = data as unknown as TimedEvent;
    return { id, event: event as RunEvent, at: at === undefined ? createdAt : new Date(at) };
  });
}

const isEnd = (event: RunEvent | undefined): boolean =>
  event?.kind === "status" && event.status !== "queued" && event.status !== "running";

/** Whether the run has ended, or is gone, and told nothing since. */
async function isOver(db: Db, runId: string, last: bigint): Promise<boolean> {
  const goesOn = await db.run.count({ where: { id: runId, status: { in: ["queued", "running"] } } });
  return !goesOn && !(await db.runEvent.count({ where: { runId, id: { gt: last } } }));
}
