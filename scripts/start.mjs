/** `npm start`: installs, prepares, builds, starts database, web and workers, and watches over them. Runs on a bare clone: nothing but Node is imported before the install. */
import { fork, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url)), began = performance.now();
const data = path.resolve(process.env.PATCHBAY_DATA ?? path.join(root, ".data")), port = process.env.PORT ?? "3000", host = process.env.HOST ?? "127.0.0.1", url = `http://${host === "0.0.0.0" ? "localhost" : host}:${port}`;
const say = (text) => console.log(`[${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s] ${text}`);
const fail = (text) => {
  console.error(text);
  process.exit(1);
};

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) fail(`Patchbay needs Node 20.19 or newer, and this is ${process.versions.node}. Get it from https://nodejs.org.`);

// One installation per folder: another start would fight over port and data.
mkdirSync(data, { recursive: true });
const lock = path.join(data, "start.json"), alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
};
if (existsSync(lock)) {
  const { pid, url: there, boot } = JSON.parse(readFileSync(lock, "utf8"));
  if (pid !== process.pid && boot === bootId() && alive(pid)) fail(`Patchbay runs already, at ${there} (process ${pid}). Stop it with Ctrl-C there, or: kill ${pid}`);
  say("the last start ended without a stop; going on from what it left");
}
writeFileSync(lock, JSON.stringify({ pid: process.pid, url, boot: bootId() }));
function bootId() {
  return existsSync("/proc/sys/kernel/random/boot_id") ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() : "";
}

// Dependencies, when the lockfile is not the one that was installed.
const hashOf = (files) => {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(readFileSync(path.join(root, file)));
  return hash.digest("hex");
};
const stamp = (file) => (existsSync(file) ? readFileSync(file, "utf8") : "");
const installed = path.join(root, "node_modules/.patchbay-installed"), wanted = hashOf(["package-lock.json"]);
if (stamp(installed) !== wanted) {
  say("installing dependencies (about a minute the first time)");
  const npm = spawnSync(process.platform === "win32" ? "npm.cmd" : "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" } });
  if (npm.status !== 0) fail("The dependencies could not be installed. Check the network and the npm registry, then start again.");
  writeFileSync(installed, wanted);
}
const changed = (file) => statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (changed("prisma/generated/client.ts") < changed("prisma/schema.prisma") && spawnSync(process.execPath, ["scripts/postinstall.mjs"], { cwd: root, stdio: "inherit" }).status !== 0) fail("The database client could not be generated.");

// Database and schema.
let postgres, databaseUrl = process.env.DATABASE_URL;
if (!databaseUrl) {
  const { startPostgres } = await import("./postgres.mjs");
  postgres = await startPostgres(data).catch((error) => fail(error.message));
  databaseUrl = postgres.url;
  say("database up");
}
const { migrate } = await import("./migrate.mjs");
const applied = await migrate(databaseUrl).catch((error) => fail(`The database cannot be prepared: ${String(error.message).trim().split("\n")[0]} Check DATABASE_URL.`));
if (applied.length) say(`schema: applied ${applied.join(", ")}`);

// The web application, when a source is newer than the last build.
const sources = (dir) => readdirSync(path.join(root, dir), { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? (e.name === "generated" || e.name === "migrations" ? [] : sources(path.join(dir, e.name))) : [path.join(dir, e.name)]));
const env = { ...process.env, DATABASE_URL: databaseUrl, PATCHBAY_DATA: data, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", PORT: port, HOST: host };
const built = path.join(root, ".next/patchbay-built"), source = hashOf([...["app", "nodes", "models", "server"].flatMap(sources).filter((f) => /\.(tsx?|css)$/.test(f) && !f.includes(".test.")), "next.config.js", "package-lock.json"].sort());
if (stamp(built) !== source) {
  say("building the web application");
  const build = spawnSync(process.execPath, [path.join(root, "node_modules/next/dist/bin/next"), "build"], { cwd: root, env, encoding: "utf8" });
  if (build.status !== 0) fail(`${build.stdout}\n${build.stderr}\nThe web application could not be built.`);
  writeFileSync(built, source);
}

// Web and workers; one that dies is started again.
const children = new Set();
let stopping = false, ready = 0;
function start(name, file, execArgv = []) {
  const child = fork(path.join(root, file), { cwd: root, env, execArgv, stdio: ["ignore", "inherit", "inherit", "ipc"], detached: true });
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
const workers = Number(process.env.PATCHBAY_WORKERS ?? 1);
start("web", "scripts/web.mjs");
for (let i = 1; i <= workers; i++) start(`worker ${i}`, "server/worker.ts", ["--import", "tsx"]);

// The embedded database is watched too.
if (postgres) {
  void (async () => {
    while (!stopping) {
      await sleep(1000);
      if (stopping || alive(postgres.pid)) continue;
      say("the database ended and is started again");
      const { startPostgres } = await import("./postgres.mjs");
      postgres = await startPostgres(data, { port: postgres.port }).catch((error) => {
        say(error.message);
        return postgres;
      });
    }
  })();
}

async function stop(status = 0) {
  if (stopping) return;
  stopping = true;
  for (const child of children) child.kill("SIGTERM");
  for (let i = 0; i < 120 && children.size; i++) await sleep(50);
  for (const child of children) child.kill("SIGKILL");
  await postgres?.stop();
  statSync(lock, { throwIfNoEntry: false }) && rmSync(lock);
  if (status === 0) say("stopped");
  process.exit(status);
}
process.on("SIGINT", () => stop());
process.on("SIGTERM", () => stop());
process.on("SIGHUP", () => stop());

while (!stopping && ready < 1 + workers) await sleep(50);
for (let i = 0; !stopping && i < 200; i++) {
  if (await fetch(`${url}/api/health`).then((r) => r.ok, () => false)) break;
  await sleep(100);
}
if (!stopping) say(`Patchbay is ready: ${url}`);
