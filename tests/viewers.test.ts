/** A run that tells much, and many who watch it: nothing is flooded, and nobody misses the last value. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import type { RunEvent } from "#nodes/graph/events";
import { Diary } from "#server/jobs/diary";
import { Listener } from "#server/jobs/notify";
import { appendEvents, type ClaimedRun, claimRun, finishRun } from "#server/runs/claim";
import { createRun } from "#server/runs/create";
import { watchRun } from "#server/runs/watch";
import { database, db, withBackend } from "./kit/backend";
import { graph } from "./kit/graphs";

withBackend();

const seconds = 2;
const total = 1000 * seconds;

/** Tells 1,000 times a second how far a node is, as a worker does. */
async function tellMuch(run: ClaimedRun, written: RunEvent[][]): Promise<void> {
  const diary = new Diary(
    async (events) => {
      written.push(events);
      await appendEvents(db, run, events);
    },
    (error) => {
      throw error;
    },
  );
  for (let done = 1; done <= total; done++) {
    diary.note({ kind: "node-progress", node: "t", done, of: total });
    if (done % 10 === 0) await sleep(10);
  }
  await diary.written();
  const ended = { status: "done", outputs: {}, ran: ["t"], cached: [], timings: {}, problems: [], warnings: [] };
  await finishRun(db, run, diary.close(), ended as never);
}

it("is seen to its last value by 100 who watch, who are told little more than one is", async () => {
  const { id } = await createRun(db, { document: graph({ t: ["text.input", { text: "t" }] }) });
  const run = (await claimRun(db, id)) as ClaimedRun;
  const listener = new Listener(() => database.url);
  const asked = vi.spyOn(db.runEvent, "findMany");
  const written: RunEvent[][] = [];
  const viewers = Array.from({ length: 100 }, async () => {
    const seen: RunEvent[] = [];
    const signal = new AbortController().signal;
    for await (const { event } of watchRun(db, listener, id, undefined, signal)) seen.push(event);
    return seen;
  });
  await tellMuch(run, written);
  const all = await Promise.all(viewers);
  const progress = (events: readonly RunEvent[]) =>
    events.flatMap((event) => (event.kind === "node-progress" ? event.done : []));
  for (const seen of all) {
    expect(seen).toEqual(all[0]);
    expect([progress(seen).at(-1), seen.at(-1)]).toEqual([total, expect.objectContaining({ status: "done" })]);
  }
  // Of what is told between two writes only the last is kept, however many there are.
  expect(written.every((events) => events.length === 1)).toBe(true);
  expect(progress(all[0] ?? []).length).toBeLessThan(total / 20);
  // Those who want the same share one question; a hundred who each asked would have asked a hundred times as often.
  expect(asked.mock.calls.length).toBeLessThan(30 * (written.length + 2));
  await listener.close();
});
