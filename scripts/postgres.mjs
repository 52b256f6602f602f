/** The embedded Postgres: real server binaries from npm, one data folder, a generated password, loopback only. */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { postgresPackage } from "./postgres-binaries.mjs";

const user = "patchbay";
const remedy = "Check that the disk has space, or set DATABASE_URL to use a server of your own.";

/**
 * Starts the server of this folder, or finds the one that a crashed start left running. Returns its address and how to
 * stop it. `folder` holds `pg` (the data), `pg.password` and `pg.log`. `quick` gives up on surviving a power cut.
 */
export async function startPostgres(folder, { quick = false, port: wanted = 0 } = {}) {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const cluster = clusterIn(folder, quick);
  if (!existsSync(path.join(cluster.data, "PG_VERSION"))) makeCluster(cluster);
  if (!existsSync(cluster.secret))
    throw new Error(
      `The password of the embedded Postgres, ${cluster.secret}, is missing. Restore it from a backup; ` +
        `or move ${cluster.data} away, and a new, empty database is made.`,
    );
  const { pid, port } = await bringUp(cluster, wanted);
  const server = {
    url: addressOf(cluster, port, "patchbay"),
    port,
    get pid() {
      return runningServer(cluster.data)?.pid ?? pid;
    },
    stop: () => shutDown(cluster),
  };
  try {
    await makeDatabase(addressOf(cluster, port, "postgres"));
  } catch (error) {
    await server.stop();
    throw new Error(`The embedded Postgres cannot make its database: ${error.message}. ${remedy}`);
  }
  return server;
}

function clusterIn(folder, quick) {
  return {
    folder,
    quick,
    data: path.join(folder, "pg"),
    secret: path.join(folder, "pg.password"),
    log: path.join(folder, "pg.log"),
    identity: identityFor(folder),
  };
}

/**
 * Postgres refuses to run as root. Root becomes nobody, or, where nobody may not enter the folder, a user namespace
 * that looks like it.
 */
function identityFor(folder) {
  if (process.getuid?.() !== 0) return { prefix: [], ids: {} };
  const idOfNobody = (flag) => Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout || 65534);
  const ids = { uid: idOfNobody("-u"), gid: idOfNobody("-g") };
  const runsServer = spawnSync(binary("postgres"), ["--version"], ids).status === 0;
  if (runsServer && spawnSync("ls", [folder], ids).status === 0) return { prefix: [], ids };
  return { prefix: ["unshare", "--user", `--map-user=${ids.uid}`, `--map-group=${ids.gid}`], ids: {} };
}

function binary(name) {
  return path.join(postgresPackage, "native/bin", name);
}

/** What spawn is given to run one of Postgres' programs under the cluster's identity. */
function programCall({ identity: { prefix, ids } }, name, args, options) {
  const [command, ...rest] = [...prefix, binary(name), ...args];
  return [command, rest, { ...ids, ...options }];
}

/** Makes the data folder aside and moves it into its place: a killed start leaves no half of one. */
function makeCluster(cluster) {
  const fresh = `${cluster.data}.new`;
  const password = randomBytes(24).toString("base64url");
  const passwordFile = path.join(cluster.folder, "pg.pwfile");
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  const { uid, gid } = cluster.identity.ids;
  if (uid !== undefined) {
    chownSync(fresh, uid, gid);
    chownSync(passwordFile, uid, gid);
  }
  const flags = ["-D", fresh, "-U", user, "--pwfile", passwordFile, "--auth=scram-sha-256", "-E", "UTF8", "--locale=C"];
  if (cluster.quick) flags.push("--no-sync");
  const made = spawnSync(...programCall(cluster, "initdb", flags, { encoding: "utf8" }));
  rmSync(passwordFile, { force: true });
  if (made.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    const reason = reasonIn(made.stderr || String(made.error));
    throw new Error(`The embedded Postgres could not make its folder ${cluster.data}: ${reason} ${remedy}`);
  }
  writeFileSync(cluster.secret, password, { mode: 0o600 });
  renameSync(fresh, cluster.data);
}

/**
 * Waits until the server answers, and starts it where none runs: a crashed start may have left one that runs, that is
 * still coming up, or that is going down. One that died comes back at the wanted port, where its clients look for it.
 */
async function bringUp(cluster, wanted) {
  const output = openSync(cluster.log, "a");
  const until = performance.now() + 300_000;
  let port = wanted;
  let pid;
  let exits = 0;
  const onExit = () => {
    exits++;
    pid = undefined;
  };
  try {
    for (;;) {
      const found = runningServer(cluster.data);
      if (found && (await answers(addressOf(cluster, found.port, "postgres")))) return found;
      if (exits > 20 || performance.now() > until) throw new Error(notStarting(cluster));
      if (!found && !pid) {
        port ||= await freePort();
        const child = spawnServer(cluster, port, output);
        child.once("exit", onExit).once("error", onExit).unref();
        ({ pid } = child);
      }
      await sleep(exits ? 500 : 50);
    }
  } finally {
    closeSync(output);
  }
}

function spawnServer(cluster, port, output) {
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=100"];
  if (cluster.quick) settings.push("fsync=off");
  const flags = ["-D", cluster.data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])];
  return spawn(...programCall(cluster, "postgres", flags, { stdio: ["ignore", output, output], detached: true }));
}

function notStarting({ data, log }) {
  const reason = reasonIn(readFileSync(log, "utf8"));
  const story = `${log} has the whole story; if the folder ${data} is damaged, restore it from a backup.`;
  return `The embedded Postgres does not start: ${reason} ${remedy} ${story}`;
}

/** The pid and port that a running server wrote into its folder. */
function runningServer(data) {
  const file = path.join(data, "postmaster.pid");
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, "utf8").split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!pid || !port) return undefined; // it is about to be written
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === "ESRCH") return undefined;
  }
  const command = `/proc/${pid}/cmdline`;
  const name = existsSync(command) ? readFileSync(command, "latin1") : "";
  if (!name || name.includes("postgres")) return { pid, port };
  // After a reboot its number is another program's, and Postgres would wait for that to end.
  rmSync(file, { force: true });
  return undefined;
}

/** Ends connections and shuts down cleanly. */
async function shutDown({ data }) {
  const found = runningServer(data);
  if (!found) return;
  try {
    process.kill(found.pid, "SIGINT");
  } catch {
    return;
  }
  for (let i = 0; i < 200 && existsSync(path.join(data, "postmaster.pid")); i++) await sleep(50);
}

async function makeDatabase(url) {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  const { rowCount } = await client.query("select 1 from pg_database where datname = 'patchbay'");
  if (!rowCount) await client.query("create database patchbay");
  await client.end();
}

async function answers(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function addressOf({ secret }, port, database) {
  return `postgresql://${user}:${readFileSync(secret, "utf8")}@127.0.0.1:${port}/${database}`;
}

function freePort() {
  return new Promise((done, fail) => {
    const server = createServer()
      .once("error", fail)
      .listen(0, "127.0.0.1", () => {
        const { port } = server.address();
        server.close(() => done(port));
      });
  });
}

/** What stopped Postgres, in its own words: the last of them that sound like it. */
function reasonIn(text) {
  const line = text.split("\n").findLast((candidate) => /FATAL|PANIC|error|could not/i.test(candidate));
  const reason = line?.replace(/^.*?(FATAL|PANIC|LOG|error): +/, "").trim() ?? "it gave no reason";
  return `${reason}.`;
}
