/** The server's procedures on a database of the test file's own: `withBackend()`, and then `api` and `db`. */
import type { ChildProcess } from "node:child_process";
import { afterAll, beforeAll } from "vitest";
import { type Db, openDb } from "#server/db";
import { closeQueue } from "#server/jobs/queue";
import { appRouter } from "#server/routers/index";
import { type TestDatabase, testDatabase } from "./database";
import { startWorker } from "./worker";

export let database: TestDatabase;
export let db: Db;
export let api: ReturnType<typeof appRouter.createCaller>;
const workers: ChildProcess[] = [];

/** Starts it before the file's tests, and ends it and all its workers behind them. */
export function withBackend(): void {
  beforeAll(async () => {
    database = await testDatabase();
    process.env.DATABASE_URL = database.url;
    process.env.PATCHBAY_DATA = database.folder;
    db = openDb(database.url);
    api = appRouter.createCaller({ db, actor: { kind: "local" } });
  });
  afterAll(async () => {
    for (const worker of workers) worker.kill("SIGKILL");
    await closeQueue();
    await db?.$disconnect();
    await database?.stop();
  });
}

/** One more worker on that database. */
export async function addWorker(): Promise<ChildProcess> {
  const worker = await startWorker(database);
  workers.push(worker);
  return worker;
}

/** The process that answers calls of served graphs, on that database. */
export async function addServing(): Promise<ChildProcess> {
  const serving = await startWorker(database, "server/serving.ts");
  workers.push(serving);
  return serving;
}
