/** A worker process, as `npm start` starts one. */
import { type ChildProcess, fork } from "node:child_process";
import type { TestDatabase } from "./database";

/** Returns when it says that it is up. */
export async function startWorker(database: TestDatabase, file = "server/worker.ts"): Promise<ChildProcess> {
  const child = fork("scripts/program.mjs", [file], {
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: {
      ...process.env,
      DATABASE_URL: database.url,
      PATCHBAY_DATA: database.folder,
      LOG_LEVEL: "silent",
      NODE_ENV: "production",
    },
  });
  await new Promise((ready) => child.once("message", ready));
  return child;
}
