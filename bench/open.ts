/**
 * Opening data sets where they lie: a million rows of Parquet and of JSON lines, 100,000 samples of tar, and 100,000
 * conversations in Parquet. Each is opened in a process of its own, first without and then with what is kept of it, and
 * 1,000 rows of it are decoded. The sets (some 1.4 GB) are made once, in `PATCHBAY_BENCH_DATA` or the temporary folder.
 * `npm run bench:open -- [set]`
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { random } from "#models/random";
import type { ImageBatch } from "#nodes/core/values";
import { computingProcess, programRunner } from "#server/runtime/computing-process";
import { execute } from "#server/runtime/execute";
import { createHost } from "#server/runtime/host/create-host";
import { storedRowCount, takeStoredRows } from "#server/runtime/rows";
import { openBlobs } from "#server/storage/blobs";
import { makeSet, type SetName, setNames, sets } from "./open-sets";

const root = join(process.env.PATCHBAY_BENCH_DATA ?? tmpdir(), "patchbay-bench-open");
const [asked, work] = process.argv.slice(2);
if (asked && work) await measure(asked as SetName, work);
else for (const name of asked ? [asked as SetName] : setNames) await bench(name);

async function bench(name: SetName): Promise<void> {
  const folder = join(root, name);
  if (!existsSync(join(folder, "made"))) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await makeSet(name, folder);
  }
  const kept = await mkdtemp(join(tmpdir(), "patchbay-open-"));
  const inProcess = () =>
    JSON.parse(
      execFileSync(process.execPath, [...computingProcess.execArgv, programRunner, import.meta.filename, name, kept], {
        encoding: "utf8",
        env: { ...process.env, ...computingProcess.env },
      }),
    );
  const [first, second] = [inProcess(), inProcess()];
  await rm(kept, { recursive: true });
  console.log(JSON.stringify({ bench: "open", set: name, rows: sets[name].rows, first, second }));
}

/** Opens the set as a run does, and draws rows of it. */
async function measure(name: SetName, work: string): Promise<void> {
  const folder = join(root, name);
  const { files, node, params, pictures } = sets[name];
  const document = {
    schema: 1,
    name: "open",
    nodes: { data: { type: node, version: 1, params: { folder, files, ...params }, position: { x: 0, y: 0 } } },
    wires: [],
  };
  const blobs = openBlobs(join(work, "blobs"));
  const options = { blobs, cacheDir: join(work, "cache"), signal: new AbortController().signal, folders: [folder] };
  const start = performance.now();
  const result = await execute({ ...options, document: document as never, scratch: join(work, "scratch") });
  const openPeakMiB = peakMiB();
  const stored = result.outputs.data?.[pictures]?.value;
  const rows = storedRowCount("image", stored);
  const [opened, cpuBefore] = [performance.now(), process.cpuUsage()];
  const draw = random("bench", name);
  const numbers = Array.from({ length: 1000 }, () => draw.below(rows));
  const drawn = (await takeStoredRows("image", stored, numbers, blobs)) as ImageBatch;
  const host = createHost({ ...options, nodeId: "bench", seed: 0, onProgress: () => {}, onWarn: () => {} });
  await host.pixels(drawn, { width: 32, height: 32, fit: "cover" });
  const seconds = (from: number, to: number) => Math.round((to - from) / 10) / 100;
  console.log(
    JSON.stringify({
      ...(result.error ? { error: result.error.message } : {}),
      rows,
      openSeconds: seconds(start, opened),
      openPeakMiB,
      drawSeconds: seconds(opened, performance.now()),
      drawCpuSeconds: cpuSeconds(process.cpuUsage(cpuBefore)),
      drawPeakMiB: peakMiB(),
      cpuSeconds: cpuSeconds(process.cpuUsage()),
    }),
  );
}

function cpuSeconds({ user, system }: NodeJS.CpuUsage): number {
  return Math.round((user + system) / 10_000) / 100;
}

function peakMiB(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}
