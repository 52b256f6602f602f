/**
 * What the first templates cost here and in another checkout of Patchbay, side by side: CPU seconds of a run with
 * nothing kept, its start taken off, in alternation. CPU time, since a machine that does other work besides slows the
 * wall clock; on one core (`taskset`), since threads of the runtime count the time for which they spin.
 * `npm run bench:templates -- PATH [rounds] [template …]`, PATH with its packages installed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { median } from "./vit";

/** How each is run: a training only for some of its steps. */
const templates: Readonly<Record<string, readonly string[]>> = {
  "clip-zero-shot-emoji": [],
  "image-embeddings": [],
  "clip-retrieval-emoji": [],
  "clip-train-emoji": ["--set", "trainer.steps=12", "--set", "trainer.warmup=4", "--target", "curve"],
};

const [other, rounds = "3", ...asked] = process.argv.slice(2);
if (!other) throw new Error("Name the checkout to compare with: npm run bench:templates -- PATH [rounds] [template …]");
const sides = { here: process.cwd(), there: resolve(other) };
const empty = join(tmpdir(), "patchbay-bench-empty.json");
const note = { type: "text.input", version: 1, params: {}, position: { x: 0, y: 0 } };
writeFileSync(empty, JSON.stringify({ schema: 1, name: "start", nodes: { note }, wires: [] }));

for (const name of asked.length ? asked : Object.keys(templates)) {
  const seconds: Record<keyof typeof sides, number[]> = { here: [], there: [] };
  for (let round = 0; round < Number(rounds); round++) {
    for (const side of ["here", "there"] as const) {
      const folder = sides[side];
      const start = cpuOf(folder, [empty]);
      seconds[side].push(cpuOf(folder, [name, ...(templates[name] ?? [])]) - start);
    }
  }
  const [here, there] = [median(seconds.here), median(seconds.there)];
  const shown = (list: number[]) => list.map((value) => Number(value.toFixed(1)));
  console.log(
    JSON.stringify({
      bench: "templates",
      template: name,
      cpuSeconds: { here: shown(seconds.here), there: shown(seconds.there) },
      ratio: Number((here / there).toFixed(3)),
      leastRatio: Number((Math.min(...seconds.here) / Math.min(...seconds.there)).toFixed(3)),
      load: loadavg()[0]?.toFixed(1),
    }),
  );
}
rmSync(empty);

/** CPU seconds of a run and of all processes that it starts, with a data folder of its own. */
function cpuOf(folder: string, what: readonly string[]): number {
  const data = mkdtempSync(join(tmpdir(), "patchbay-bench-templates-"));
  const before = cpuOfChildren();
  const command = [process.execPath, "--import", "tsx", "server/cli.ts", "run", ...what, "--provider", "cpu"];
  const run = spawnSync("taskset", ["-c", "1", ...command], {
    cwd: folder,
    env: { ...process.env, PATCHBAY_DATA: data },
    encoding: "utf8",
  });
  rmSync(data, { recursive: true, force: true });
  if (run.status !== 0) throw new Error(`${what[0]} failed in ${folder}:\n${run.stderr.slice(-2000)}`);
  return cpuOfChildren() - before;
}

/** CPU seconds of all children that have ended, and of theirs. */
function cpuOfChildren(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
