import { spawn } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import type { RunEvent } from "#nodes/graph/events";
import type { Tensor } from "#nodes/core/values";
import { check } from "#nodes/graph/check";
import { graph, runDocument } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";
import { openBlobs } from "../storage/blobs";
import { openRowWork, RowWork } from "./data-threads/pool";
import type { ExecuteOptions, ExecuteResult } from "./execute";
import { readAllRows } from "./rows";

/** Pictures to features. A row is widest as pixels: 16 · 16 · 3 float32. */
const features = (limit = 60) =>
  graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit }],
      resize: ["image.resize", { width: 16, height: 16 }],
      augment: ["image.augment", {}],
      normalize: ["image.normalize"],
      vision: ["model.vision-transformer", { scope: "v", patch: 8, width: 32, layers: 1, heads: 2 }],
      norm: ["model.l2-normalize"],
    },
    [
      "data.image -> resize.image",
      "resize.image -> augment.image",
      "augment.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "vision.features -> norm.embedding",
    ],
  );
const options: Partial<ExecuteOptions> = { targets: ["norm"], chunkBytes: 7 * 16 * 16 * 3 * 4 };

/** All numbers of what came of the graph. */
async function numbersOf(result: ExecuteResult, dir: string): Promise<Tensor["data"]> {
  const stored = result.outputs.norm?.embedding?.value;
  return ((await readAllRows("tensor", stored, openBlobs(join(dir, "blobs")))) as Tensor).data;
}

beforeAll(async () => {
  const dir = await temporaryFolder();
  const document = features();
  const work = openRowWork(
    {
      graph: check(document).graph,
      document,
      whole: new Map(),
      blobs: openBlobs(dir),
      cacheDir: dir,
      hostFor: () => {
        throw new Error("nothing runs here");
      },
    },
    1,
  );
  while (!work.ready) {
    if (work.threads.every((thread) => thread.isOver)) throw new Error("no thread has started");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

it("gives what the calling thread gives, bit for bit, of random nodes too", async () => {
  const inThreads = vi.spyOn(RowWork.prototype, "run");
  const [here, there] = [await temporaryFolder(), await temporaryFolder()];
  const alone = await runDocument(features(), here, { ...options, dataThreads: 0 });
  expect(inThreads).not.toHaveBeenCalled();
  const ahead = await runDocument(features(), there, { ...options, dataThreads: 1 });
  expect(inThreads).toHaveBeenCalledTimes(9);
  expect(await numbersOf(ahead, there)).toEqual(await numbersOf(alone, here));
  expect(ahead.outputs).toEqual(alone.outputs);
  const farthest = (node: string) =>
    Math.max(...ahead.events.map((event) => (event.kind === "node-progress" && event.node === node ? event.done : 0)));
  expect(["resize", "augment", "normalize", "vision"].map(farthest)).toEqual([60, 60, 60, 60]);
});

it("tells of a thread's failure what the calling thread tells", async () => {
  const failures = [];
  for (const dataThreads of [0, 1]) {
    const dir = await temporaryFolder();
    const first = await runDocument(features(), dir, { targets: ["data"] });
    const images = first.outputs.data?.image?.value as { files: { ref: string }[] };
    const ref = images.files[40]?.ref as string;
    const files = await readdir(join(dir, "blobs"), { recursive: true });
    await writeFile(join(dir, "blobs", files.find((file) => file.endsWith(ref)) as string), "no picture");
    failures.push((await runDocument(features(), dir, { ...options, dataThreads })).error);
  }
  expect(failures[0]).toMatchObject({ node: "resize", message: expect.stringMatching(/cannot be decoded/) });
  expect(failures[1]).toEqual(failures[0]);
});

it("keeps of a model what is read alone", async () => {
  const dir = await temporaryFolder();
  const { outputs } = await runDocument(features(), dir, options);
  expect(Object.keys(outputs.vision ?? {})).toEqual(["features"]); // and none of its tokens
});

it("stops within a chunk while threads work ahead", async () => {
  const controller = new AbortController();
  const seen: RunEvent[] = [];
  const { status } = await runDocument(features(), await temporaryFolder(), {
    ...options,
    dataThreads: 1,
    signal: controller.signal,
    onEvent: (event) => {
      seen.push(event);
      if (event.kind === "node-progress" && event.node === "vision" && event.done >= 14) controller.abort();
    },
  });
  expect(status).toBe("cancelled");
  const done = seen.map((event) => (event.kind === "node-progress" && event.node === "vision" ? event.done : 0));
  expect(Math.max(...done)).toBeLessThan(28);
});

/** Runs the graph in a process of its own, which kills itself once the model has done so many rows. */
async function killedAfter(rows: number, dir: string): Promise<void> {
  const script = `
    import { runDocument } from "#tests/kit/graphs";
    const [document, options, dir] = ${JSON.stringify([features(), options, dir])};
    const isDone = (e) => e.kind === "node-progress" && e.node === "vision" && e.done >= ${rows};
    const onEvent = (e) => isDone(e) && process.kill(process.pid, "SIGKILL");
    await runDocument(document, dir, { ...options, onEvent });`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
  const signal = await new Promise((resolve) => child.on("exit", (_, by) => resolve(by)));
  expect(signal).toBe("SIGKILL");
}

it("goes on behind the last whole chunk of a process that was killed, with the very same numbers", async () => {
  const [killed, unbroken] = [await temporaryFolder(), await temporaryFolder()];
  await killedAfter(28, killed);
  const second = await runDocument(features(), killed, options);
  const told = second.events.filter((event) => event.kind === "node-progress" && event.node === "vision");
  const [first] = told as Extract<RunEvent, { kind: "node-progress" }>[];
  expect(first).toMatchObject({ done: 28, of: 60, note: expect.stringMatching(/21 rows were kept before$/) });
  const reference = await runDocument(features(), unbroken, options);
  expect(await numbersOf(second, killed)).toEqual(await numbersOf(reference, unbroken));
});
