import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { Tensor } from "#nodes/core/values";
import { check } from "#nodes/graph/check";
import { graph } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";
import { Cancelled, Failure } from "../../errors";
import { BlobMissing, openBlobs } from "../../storage/blobs";
import { createHost } from "../host/create-host";
import { openRowWork, type RowWork, type Work } from "./pool";
import { doTask, type Task, TaskError } from "./task";

const document = graph(
  {
    data: ["data.emoji", { limit: 4 }],
    resize: ["image.resize", { width: 12, height: 12 }],
    augment: ["image.augment", {}],
    normalize: ["image.normalize"],
  },
  ["data.image -> resize.image", "resize.image -> augment.image", "augment.image -> normalize.image"],
);
const pixels = (rows: number): Tensor => ({
  dtype: "uint8",
  shape: [rows, 12, 12, 3],
  data: Uint8Array.from({ length: rows * 432 }, (_, i) => (i * 31) % 256),
});
const task = (changes: Partial<Task> = {}): Task => ({
  nodes: ["augment", "normalize"],
  given: [["resize.image", { value: { pixels: pixels(4) } }]],
  reads: ["normalize.pixels"],
  seed: [0, "rows", 4],
  ...changes,
});

const heard: string[] = [];
let work: Work;

beforeAll(async () => {
  const dir = await temporaryFolder();
  const blobs = openBlobs(join(dir, "blobs"));
  const signal = new AbortController().signal;
  const hostFor: Work["hostFor"] = (nodeId, seed) =>
    createHost({
      blobs,
      cacheDir: dir,
      signal,
      nodeId,
      seed,
      onProgress: () => {},
      onWarn: (message) => heard.push(`${nodeId}: ${message}`),
    });
  work = { graph: check(document).graph, document, whole: new Map(), blobs, cacheDir: dir, hostFor };
});

/** Opened once a thread has started. */
async function opened(): Promise<RowWork> {
  const open = openRowWork(work, 1);
  while (!open.ready) {
    if (open.threads.every((thread) => thread.isOver)) throw new Error("no thread has started");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return open;
}

it("gives in a thread what the calling thread gives, bit for bit", async () => {
  const open = await opened();
  const made = await open.run(task());
  const here = await doTask(task(), work.graph, work.whole, work.blobs, work.hostFor);
  expect(made.values).toEqual(here.values);
  expect([...made.ms.keys()]).toEqual(["augment", "normalize"]);
  expect((made.values.get("normalize.pixels") as Tensor).shape).toEqual([4, 3, 12, 12]);
});

it("leaves the numbers of a value that was given where they are", async () => {
  const open = await opened();
  const images = { pixels: pixels(4) };
  await open.run(task({ given: [["resize.image", { value: images }]] }));
  expect(images.pixels.data.length).toBe(4 * 432);
});

it("names the node in which a thread failed, with the sentence and the hint", async () => {
  const open = await opened();
  const files = { files: [{ ref: "0".repeat(64), width: 8, height: 8 }] };
  const failed = open.run(task({ nodes: ["normalize"], given: [["augment.image", { value: files }]] }));
  await expect(failed).rejects.toMatchObject({
    node: "normalize",
    cause: { message: expect.stringMatching(/sizes of their own/), hint: "Put a Resize before Normalize." },
  });
  await expect(failed).rejects.toBeInstanceOf(TaskError);
});

it("keeps a failure a failure, and stops what is under way when it is closed", async () => {
  const open = await opened();
  const ref = await work.blobs.put(Uint8Array.from([1, 2, 3]));
  const images = (count: number) => ({ files: Array.from({ length: count }, () => ({ ref, width: 8, height: 8 })) });
  const resized = (count: number) =>
    open.run({
      nodes: ["resize"],
      given: [["data.image", { value: images(count) }]],
      reads: ["resize.image"],
      seed: 0,
    });
  const failed = await resized(1).catch((error) => error);
  expect(failed.cause).toBeInstanceOf(Failure);
  const stopped = resized(100_000);
  open.close();
  expect((await stopped.catch((error) => error)).cause).toBeInstanceOf(Cancelled);
});

it("tells of what is missing from the store as such", async () => {
  const open = await opened();
  const stored = { pixels: { dtype: "uint8", shape: [4, 12, 12, 3], ref: "0".repeat(64) } };
  const missing = open.run(task({ given: [["resize.image", { type: "image", stored, start: 0, end: 4 }]] }));
  await expect(missing).rejects.toBeInstanceOf(BlobMissing);
});
