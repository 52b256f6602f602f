/**
 * `npm start`: installs, prepares, builds, starts database, web and workers, and watches over them.
 * Runs on a bare clone: nothing but Node is imported before the install.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isClientStale, isInstalled, markInstalled, npmInstall } from "./installation.mjs";
import { buildWebApplication } from "./start/build.mjs";
import { openDatabase, watchDatabase } from "./start/database.mjs";
import { fail, isStopping, keepRunning, runCommand, say, stop } from "./start/lifecycle.mjs";
import { lockDataFolder } from "./start/lock.mjs";
import { data, host, port, threadsOfWorker, url, workers, wrongSetting } from "./start/settings.mjs";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop());
process.on("uncaughtException", (error) => fail(error.stack));

const wrong = wrongSetting();
if (wrong) await fail(wrong);
await lockDataFolder();
await install();
const env = {
  ...process.env,
  DATABASE_URL: await openDatabase(),
  PATCHBAY_DATA: data,
  NODE_ENV: "production",
  NEXT_TELEMETRY_DISABLED: "1",
  PORT: port,
  HOST: host,
};
await buildWebApplication(env);
const started = startProcesses();
void watchDatabase();
await started;
await untilHealthy();
if (!isStopping()) say(`Patchbay is ready: ${url}`);

async function install() {
  if (!isInstalled()) {
    say("installing dependencies (about a minute the first time)");
    const { status } = await runCommand(npmInstall.command, npmInstall.args, {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...npmInstall.env },
    });
    if (status !== 0)
      await fail("The dependencies could not be installed. Check the network and the npm registry, then start again.");
    markInstalled();
  }
  if (!isClientStale()) return;
  const { status } = await runCommand(process.execPath, ["scripts/postinstall.mjs"], { stdio: "inherit" });
  if (status !== 0) await fail("The database client could not be generated.");
}

/** Starts the web process, the one that serves and the workers; returns when each of them said that it is up. */
async function startProcesses() {
  let ready = 0;
  const onReady = () => {
    ready++;
  };
  keepRunning("web", ["scripts/web.mjs"], { env, onReady });
  keepRunning("serving", ["scripts/program.mjs", "server/serving.ts"], { env, onReady });
  const workerEnv = { ...env, PATCHBAY_THREADS: threadsOfWorker };
  for (let i = 1; i <= workers; i++)
    keepRunning(`worker ${i}`, ["scripts/program.mjs", "server/worker.ts"], { env: workerEnv, onReady });
  while (!isStopping() && ready < 2 + workers) await sleep(50);
}

async function untilHealthy() {
  for (let i = 0; !isStopping() && i < 200; i++) {
    const answer = await fetch(`${url}/api/health`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100);
  }
}
