/** `npm start`: installs, prepares, builds, starts database, web and workers, and watches over them. Runs on a bare clone: nothing but Node is imported before the install. */
import { fork, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const began = performance.now();
const data = path.resolve(process.env.PATCHBAY_DATA || path.join(root, ".data"));
const port = process.env.PORT || "3000";
const host = process.env.HOST || "127.0.0.1";
const url = `http://${host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host}:${port}`;
const workers = Number(process.env.PATCHBAY_WORKERS || 1);
const lock = path.join(data, "start.json");
const children = new Set();
const say = (text) => console.log(`[${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s] ${text}`);

let stopping = false;
let locked = false;
let database; // a promise of the embedded Postgres
async function stop(status = 0) {
  if (stopping) return;
  stopping = true;
  for (const child of children) child.kill("SIGTERM");
  for (let i = 0; i < 120 && children.size; i++) await sleep(50);
  for (const child of children) child.kill("SIGKILL");
  await (await database?.catch(() => {}))?.stop();
  if (locked) rmSync(lock, { force: true });
  if (status === 0) say("stopped");
  process.exit(status);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop());
/** Says why it cannot go on, and ends. Never returns. */
const fail = async (text) => {
  if (!stopping) console.error(text);
  await stop(1);
  return new Promise(() => {});
};
process.on("uncaughtException", (error) => fail(error.stack));
/** Runs a command to its end, and returns its exit status and what it said. */
const run = (command, args, options) =>
  new Promise((done) => {
    const child = spawn(command, args, { cwd: root, ...options });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
    children.add(child);
    const end = (status) => {
      children.delete(child);
      if (!stopping) done({ status, output });
    };
    child.once("error", (error) => end(error.message)).once("close", end);
  });

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19))
  await fail(
    `Patchbay needs Node 20.19 or newer, and this is ${process.versions.node}. Get it from https://nodejs.org.`,
  );
if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
  await fail(`PORT is “${port}”, and a port is a number from 1 to 65535.`);
if (!Number.isInteger(workers) || workers < 1 || workers > 64)
  await fail(`PATCHBAY_WORKERS is “${process.env.PATCHBAY_WORKERS}”, and 1 to 64 workers can be started.`);
if (process.env.DATABASE_URL && !/^postgres(ql)?:\/\/./.test(process.env.DATABASE_URL))
  await fail(
    "DATABASE_URL is no address of a Postgres server: postgresql://USER:PASSWORD@HOST:PORT/DATABASE is expected.",
  );

// One installation per folder: another start would fight over port and data.
try {
  mkdirSync(data, { recursive: true });
  for (let known = running(); !locked; known = running()) {
    if (known)
      await fail(
        `Patchbay runs already, at ${known.url} (process ${known.pid}). Stop it with Ctrl-C there, or: kill ${known.pid}`,
      );
    if (existsSync(lock)) say("the last start ended without a stop; going on from what it left");
    rmSync(lock, { force: true });
    try {
      writeFileSync(lock, JSON.stringify({ pid: process.pid, url, boot: bootId() }), { flag: "wx" });
      locked = true;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
  }
} catch (error) {
  await fail(
    `The data folder ${data} cannot be used: ${error.message}. Set PATCHBAY_DATA to a folder that can be written, on a disk with space.`,
  );
}
/** The start that holds the lock, if it still runs: numbers of processes are used again, after a boot and before. */
function running() {
  try {
    const known = JSON.parse(readFileSync(lock, "utf8"));
    const command = `/proc/${known.pid}/cmdline`;
    return known.boot === bootId() &&
      alive(known.pid) &&
      (!existsSync("/proc") || readFileSync(command, "latin1").includes("start.mjs"))
      ? known
      : undefined;
  } catch {
    return undefined; // no lock, or half of one
  }
}
function alive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}
function bootId() {
  return existsSync("/proc/sys/kernel/random/boot_id")
    ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
    : "";
}

// Dependencies, when the lockfile is not the one that was installed.
const hashOf = (files) => {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(readFileSync(path.join(root, file)));
  return hash.digest("hex");
};
const stamp = (file) => (existsSync(file) ? readFileSync(file, "utf8") : "");
const installed = path.join(root, "node_modules/.patchbay-installed");
const wanted = hashOf(["package-lock.json"]);
if (stamp(installed) !== wanted) {
  say("installing dependencies (about a minute the first time)");
  const { status } = await run(
    process.platform === "win32" ? "npm.cmd" : "npm",
    ["ci", "--no-audit", "--no-fund", "--loglevel=error"],
    { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" } },
  );
  if (status !== 0)
    await fail("The dependencies could not be installed. Check the network and the npm registry, then start again.");
  writeFileSync(installed, wanted);
}
const changed = (file) => statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (
  changed("prisma/generated/client.ts") < changed("prisma/schema.prisma") &&
  (await run(process.execPath, ["scripts/postinstall.mjs"], { stdio: "inherit" })).status !== 0
)
  await fail("The database client could not be generated.");

// Database and schema.
let databaseUrl = process.env.DATABASE_URL;
if (!databaseUrl) {
  const { startPostgres } = await import("./postgres.mjs");
  database = startPostgres(data);
  databaseUrl = (await database.catch((error) => fail(error.message))).url;
  say("database up");
}
const { migrate } = await import("./migrate.mjs");
const applied = await migrate(databaseUrl).catch((error) =>
  fail(`The database cannot be prepared: ${String(error.message).trim().split("\n")[0]} Check DATABASE_URL.`),
);
if (applied.length) say(`schema: applied ${applied.join(", ")}`);

// The web application, when a source is newer than the last build.
const sources = (dir) =>
  readdirSync(path.join(root, dir), { withFileTypes: true }).flatMap((e) =>
    e.isDirectory()
      ? e.name === "generated" || e.name === "migrations"
        ? []
        : sources(path.join(dir, e.name))
      : [path.join(dir, e.name)],
  );
const env = {
  ...process.env,
  DATABASE_URL: databaseUrl,
  PATCHBAY_DATA: data,
  NODE_ENV: "production",
  NEXT_TELEMETRY_DISABLED: "1",
  PORT: port,
  HOST: host,
};
const built = path.join(root, ".next/patchbay-built");
const source = hashOf(
  [
    ...["app", "nodes", "models", "server"]
      .flatMap(sources)
      .filter((f) => /\.(tsx?|css)$/.test(f) && !f.includes(".test.")),
    "next.config.js",
    "package-lock.json",
  ].sort(),
);
if (stamp(built) !== source) {
  say("building the web application");
  rmSync(built, { force: true });
  const { status, output } = await run(
    process.execPath,
    [path.join(root, "node_modules/next/dist/bin/next"), "build"],
    { env },
  );
  if (status !== 0) await fail(`${output}\nThe web application could not be built.`);
  writeFileSync(built, source);
}

// Web and workers; one that dies is started again.
let ready = 0;
function start(name, file, execArgv = []) {
  const child = fork(path.join(root, file), {
    cwd: root,
    env,
    execArgv,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    detached: true,
  });
  const since = performance.now();
  children.add(child);
  child.on("message", (message) => {
    if (message === "ready") ready++;
  });
  child.on("exit", async (code, signal) => {
    children.delete(child);
    if (stopping) return;
    if (code === 98) return stop(1);
    say(`${name} ended (${signal ?? code}) and is started again`);
    await sleep(performance.now() - since < 5000 ? 2000 : 100);
    if (!stopping) start(name, file, execArgv);
  });
}
start("web", "scripts/web.mjs");
for (let i = 1; i <= workers; i++) start(`worker ${i}`, "server/worker.ts", ["--import", "tsx"]);

// The embedded database is watched too.
if (database) {
  void (async () => {
    while (!stopping) {
      await sleep(1000);
      const postgres = await database;
      if (stopping || alive(postgres.pid)) continue;
      say("the database ended and is started again");
      const { startPostgres } = await import("./postgres.mjs");
      database = startPostgres(data, { port: postgres.port }).catch((error) => {
        say(error.message);
        return postgres;
      });
    }
  })();
}

while (!stopping && ready < 1 + workers) await sleep(50);
for (let i = 0; !stopping && i < 200; i++) {
  if (
    await fetch(`${url}/api/health`).then(
      (r) => r.ok,
      () => false,
    )
  )
    break;
  await sleep(100);
}
if (!stopping) say(`Patchbay is ready: ${url}`);
