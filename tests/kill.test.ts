import { type ChildProcess, spawnSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunEvent } from "#nodes/graph/events";
import { readSafetensors } from "#models/files/safetensors";
import { random } from "#models/random";
import { type Db, openDb } from "#server/db";
import { closeQueue } from "#server/jobs/queue";
import { createRun } from "#server/runs/create";
import { openBlobs } from "#server/storage/blobs";
import { startPostgres } from "../scripts/postgres.mjs";
import { testDatabase, type TestDatabase } from "./kit/database";
import { tinyClip } from "./kit/graphs";
import { startWorker } from "./kit/worker";

interface Curve {
  lines: { name: string; values: number[] }[];
}

let database: TestDatabase;
let db: Db;
let worker: ChildProcess | undefined;
const steps = 700;
const draw = random("kill", Number(process.env.KILL_SEED ?? 1));

async function eventsOf(id: string): Promise<RunEvent[]> {
  const rows = await db.runEvent.findMany({ where: { runId: id }, orderBy: { id: "asc" } });
  return rows.map((row) => row.data as unknown as RunEvent);
}

/** Waits until the training has told of this many steps. */
async function untilStep(id: string, step: number): Promise<void> {
  for (;;) {
    if ((await eventsOf(id).catch(() => [])).some((e) => e.kind === "metric" && e.step >= step)) return;
    await sleep(100);
  }
}
/** Waits until the run is over; returns how it ended. */
async function untilOver(id: string): Promise<string> {
  for (;;) {
    const run = await db.run.findUnique({ where: { id } }).catch(() => undefined);
    if (run && run.status !== "queued" && run.status !== "running") return run.status;
    await sleep(200);
  }
}

beforeAll(async () => {
  database = await testDatabase();
  process.env.DATABASE_URL = database.url;
  db = openDb(database.url);
  worker = await startWorker(database);
});
afterAll(async () => {
  worker?.kill("SIGKILL");
  await closeQueue();
  await db.$disconnect();
  await database.stop();
});

/** Whatever was killed: the run ended, and its row, events and checkpoint tell one story. */
async function expectOneStory(id: string): Promise<void> {
  const run = await db.run.findUniqueOrThrow({ where: { id }, include: { artifacts: true } });
  const events = await eventsOf(id);
  expect([run.status, run.error]).toEqual(["done", null]);
  expect(events.at(-1)).toMatchObject({ kind: "status", status: "done" });
  // Folded as the canvas folds them, the events hold every step once.
  let told: number[] = [];
  for (const e of events) {
    if (e.kind === "resumed") told = told.filter((s) => s <= e.step);
    if (e.kind === "metric") told = [...told.filter((s) => s < e.step), e.step];
  }
  expect(told).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
  const { outputs } = run.result as unknown as { outputs: { trainer: { curve: { value: Curve } } } };
  const curve = outputs.trainer.curve.value.lines[0]?.values as number[];
  expect(curve).toHaveLength(steps);
  // What was told after the last resume is what the result holds.
  const last = events.filter((e) => e.kind === "metric").at(-1);
  expect(last?.values.loss).toBe(curve.at(-1));
  const { ref } = run.artifacts.find((a) => a.type === "weights") as { ref: string };
  expect(readSafetensors(await openBlobs(join(database.folder, "blobs")).get(ref)).tensors.size).toBeGreaterThan(20);
  expect(await readdir(join(database.folder, "scratch")).catch(() => [])).toEqual([]);
  // The pictures that the canvas shows stay as long as the run.
  expect(await readdir(join(database.folder, "blobs/held", id))).not.toEqual([]);
}

describe("kill -9 in the middle of a training", () => {
  const start = (seed: number) => createRun(db, { document: tinyClip({ steps, checkpoint: 50, seed }) });

  it("of the worker: another one goes on", async () => {
    const { id } = await start(1);
    await untilStep(id, 60 + draw.below(200));
    worker?.kill("SIGKILL");
    worker = await startWorker(database);
    await untilOver(id);
    await expectOneStory(id);
    const { attempt } = await db.run.findUniqueOrThrow({ where: { id } });
    expect(attempt).toBeGreaterThan(1);
    expect((await eventsOf(id)).some((e) => e.kind === "resumed" && e.step >= 50)).toBe(true);
  });

  it("of the computing process: the worker starts another one", async () => {
    const { id } = await start(2);
    await untilStep(id, 60 + draw.below(200));
    const { stdout } = spawnSync("pgrep", ["-P", String(worker?.pid)], { encoding: "utf8" });
    for (const pid of stdout.trim().split("\n")) process.kill(Number(pid), "SIGKILL");
    await untilOver(id);
    await expectOneStory(id);
  });

  it("of Postgres: it comes back, and nothing that was committed is lost", async () => {
    const { id } = await start(3);
    const other = await createRun(db, { document: tinyClip({ steps: 5 }) });
    await untilStep(id, 60 + draw.below(200));
    process.kill(database.server.pid as number, "SIGKILL");
    await sleep(500);
    database.server = await startPostgres(database.folder, { quick: true, port: database.server.port });
    await untilOver(id);
    expect(await untilOver(other.id)).toBe("done");
    await expectOneStory(id);
  });
});
