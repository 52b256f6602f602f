import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sql } from "#tests/kit/database";
import { temporaryFolder } from "#tests/kit/run-node";
import { startPostgres } from "./postgres.mjs";

const quick = { quick: true };
/** Ends it as a power cut would. */
const kill = async (server: { pid: number | undefined }) => void process.kill(server.pid as number, "SIGKILL");

describe("the embedded Postgres", () => {
  it("is found when it runs, and by several starts at once after it died", async () => {
    const folder = join(await temporaryFolder(), "data");
    const first = await startPostgres(folder, quick);
    await sql(first.url, "create table kept as select 7 as x");
    expect((await startPostgres(folder, quick)).pid).toBe(first.pid);
    await kill(first);
    const [a, b] = await Promise.all([
      startPostgres(folder, { ...quick, port: first.port }),
      startPostgres(folder, quick),
    ]);
    expect([a.pid, a.url]).toEqual([b.pid, b.url]);
    expect(await sql(a.url, "select x from kept")).toEqual([{ x: 7 }]);
    await a.stop();
    expect(readdirSync(join(folder, "pg"))).not.toContain("postmaster.pid");
  });
  it("starts beside a lock whose number another program has now", async () => {
    const folder = join(await temporaryFolder(), "data");
    const first = await startPostgres(folder, quick);
    const lock = join(folder, "pg/postmaster.pid");
    const left = readFileSync(lock, "utf8");
    await first.stop();
    writeFileSync(lock, left.replace(/^\d+/, String(process.ppid)));
    const second = await startPostgres(folder, quick);
    expect(second.pid).not.toBe(process.ppid);
    await second.stop();
  });
  it("never makes an empty database in the place of one that it cannot open", async () => {
    const folder = join(await temporaryFolder(), "data");
    const server = await startPostgres(folder, quick);
    await server.stop();
    renameSync(join(folder, "pg.password"), join(folder, "elsewhere"));
    await expect(startPostgres(folder, quick)).rejects.toThrow(/pg\.password, is missing\. Restore it/);
    expect(readdirSync(join(folder, "pg"))).toContain("PG_VERSION");
    const other = await temporaryFolder();
    await mkdir(join(other, "pg"));
    await writeFile(join(other, "pg/mine.txt"), "not a database");
    await expect(startPostgres(other, quick)).rejects.toThrow(/ENOTEMPTY|EEXIST/);
    expect(readdirSync(join(other, "pg"))).toEqual(["mine.txt"]);
  });
});
