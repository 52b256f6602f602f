/**
 * What templates take on this machine, for their cards: `npm run measure -- [template …]` runs each as a first visitor
 * does, with nothing kept, and writes minutes and memory to docs/templates/measured.json. Without names, those that run
 * on what is here and are not measured yet. To be run while the machine does nothing else: `load` says what it did.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { factsOf } from "../app/_start/template-facts";
import { parseText } from "#nodes/graph/parse";
import type { Measured } from "#server/templates";

const file = "docs/templates/measured.json";
const measured = JSON.parse(readFileSync(file, "utf8")) as Record<string, Measured>;

for (const name of process.argv.length > 2 ? process.argv.slice(2) : unmeasured()) {
  const load = Number((loadavg()[0] ?? 0).toFixed(1));
  const taken = await take(name);
  if (!taken) continue;
  measured[name] = { ...taken, cores: cpus().length, load };
  const inOrder = Object.fromEntries(Object.entries(measured).sort(([a], [b]) => a.localeCompare(b)));
  writeFileSync(file, `${JSON.stringify(inOrder, null, 2)}\n`);
  console.log(name, JSON.stringify(measured[name]));
}

/** Templates that need nothing which is not here. */
function unmeasured(): string[] {
  const names = readdirSync("nodes/templates").map((name) => name.replace(/\.json$/, ""));
  return names.filter((name) => {
    const { document } = parseText(readFileSync(`nodes/templates/${name}.json`, "utf8"));
    return document && !factsOf(document).needs.length && !measured[name];
  });
}

/** Seconds and the most memory in bytes of a run with a data folder of its own; nothing where it fails. */
async function take(name: string): Promise<Pick<Measured, "seconds" | "memory"> | undefined> {
  const data = mkdtempSync(join(tmpdir(), "patchbay-measure-"));
  const begun = Date.now();
  const child = spawn(process.execPath, ["scripts/program.mjs", "server/cli.ts", "run", name, "--json"], {
    env: { ...process.env, PATCHBAY_DATA: data },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk).slice(-2000);
  });
  let memory = 0;
  const look = setInterval(() => {
    memory = Math.max(memory, memoryOf(child.pid));
  }, 200);
  const status = await new Promise<number | null>((done) => child.once("exit", done));
  clearInterval(look);
  rmSync(data, { recursive: true, force: true });
  if (status === 0) return { seconds: Math.round((Date.now() - begun) / 1000), memory };
  console.error(`${name} failed:\n${said}`);
  return undefined;
}

/** Bytes that a process and those that it started hold, as Linux tells it. */
function memoryOf(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    const kibibytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    return children.reduce((sum, child) => sum + memoryOf(Number(child)), kibibytes * 1024);
  } catch {
    return 0; // it has ended
  }
}
