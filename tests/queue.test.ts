/** The queue: its order, its runs each by its own id, and that a run which hangs stops in time. */
import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { addWorker, api, db, withBackend } from "./kit/backend";
import { graph, tinyClip } from "./kit/graphs";

let worker: ChildProcess | undefined;
const hello = (text: string) => graph({ text: ["text.input", { text }] });

withBackend();

const ask = async (text: string, options: { next?: boolean; askedBy?: string } = {}): Promise<string> =>
  (await api.runs.create({ document: hello(text), ...options })).id;
const waiting = async (): Promise<string[]> => (await api.runs.queue()).waiting.map(({ id }) => id);

async function statusWhen(id: string, isReached: (status: string) => boolean): Promise<string> {
  for (;;) {
    const { status } = await db.run.findUniqueOrThrow({ where: { id } });
    if (isReached(status)) return status;
    await sleep(50);
  }
}
const isOver = (status: string) => status !== "queued" && status !== "running";

/** The processes that a process started. */
function childrenOf(pid: number | undefined): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((each) => parentOf(each) === pid).map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return undefined; // it ended meanwhile
  }
}

it("runs what waits in the order that people gave it, each cancelled by its own id, and again when asked", async () => {
  const [a, b, c, d] = [await ask("a"), await ask("b", { askedBy: "me" }), await ask("c"), await ask("d")];
  expect(await waiting()).toEqual([a, b, c, d]);
  await api.runs.move({ id: d, before: b });
  expect(await waiting()).toEqual([a, d, b, c]);
  await api.runs.move({ id: a, before: null });
  expect(await waiting()).toEqual([d, b, c, a]);
  const first = await ask("first", { next: true });
  await api.runs.next({ id: c });
  expect(await waiting()).toEqual([c, first, d, b, a]);
  await api.runs.cancel({ id: d });
  await api.runs.cancelMine({ askedBy: "me" });
  expect(await waiting()).toEqual([c, first, a]);
  const again = await api.runs.again({ id: b });
  expect(await waiting()).toEqual([c, first, a, again.id]);
  await expect(api.runs.move({ id: b, before: a })).rejects.toThrow("does not wait any more");
  worker = await addWorker();
  expect(await statusWhen(again.id, isOver)).toBe("done");
  const started = await db.run.findMany({ where: { status: "done" }, orderBy: { startedAt: "asc" } });
  expect(started.map(({ id }) => id)).toEqual([c, first, a, again.id]);
  expect([(await api.runs.get({ id: b })).status, (await api.runs.get({ id: d })).status]).toEqual([
    "cancelled",
    "cancelled",
  ]);
});

it("is asked for all nodes or for some, and refused when it is asked for none", async () => {
  await expect(api.runs.create({ document: hello("none"), targets: [] })).rejects.toThrow(/names no node/);
  const { id } = await api.runs.create({ document: hello("all"), targets: "all" });
  expect(await statusWhen(id, isOver)).toBe("done");
});

it("takes the same graph again while it runs, and stops within two seconds between steps", async () => {
  const document = tinyClip({ steps: 100_000, checkpoint: 100_000 });
  const { id } = await api.runs.create({ document });
  const same = await api.runs.create({ document: tinyClip({ steps: 100_000, checkpoint: 100_000 }) });
  await untilTraining(id);
  expect(await waiting()).toEqual([same.id]);
  await api.runs.cancel({ id: same.id });
  // A process that took longer would have been ended, and the run would say so.
  const cancelled = await stopped(id);
  expect([cancelled.status, cancelled.error]).toEqual(["cancelled", null]);
});

it.skipIf(process.platform !== "linux")(
  "ends a process that hangs, says so, and goes on with the next run",
  async () => {
    const { id } = await api.runs.create({ document: tinyClip({ steps: 100_000, checkpoint: 100_000, seed: 1 }) });
    const next = await ask("behind what hangs");
    await untilTraining(id);
    for (const pid of childrenOf(worker?.pid)) process.kill(pid, "SIGSTOP");
    const cancelled = await stopped(id);
    expect([cancelled.status, (cancelled.error as { message?: string } | null)?.message]).toEqual([
      "cancelled",
      expect.stringContaining("ended in the middle of a step"),
    ]);
    expect(await statusWhen(next, isOver)).toBe("done");
  },
);

async function untilTraining(id: string): Promise<void> {
  for (;;) {
    const events = await db.runEvent.findMany({ where: { runId: id } });
    if (events.some(({ data }) => (data as { kind?: string }).kind === "metric")) return;
    await sleep(50);
  }
}

/** Cancels a run; gives how it ended. */
async function stopped(id: string) {
  await api.runs.cancel({ id });
  await statusWhen(id, isOver);
  return db.run.findUniqueOrThrow({ where: { id } });
}
