import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "#tests/kit/run-node";
import { type Blobs, openBlobs } from "./blobs";
import { diskLimit, inUseSince, beginCacheUse } from "./budget";
import { bytesOf, giveUp, kindsOfFiles, spareFiles } from "./disk";

let data: string;
let blobs: Blobs;
beforeEach(async () => {
  data = await temporaryFolder();
  blobs = openBlobs(join(data, "blobs"));
});

const made = (size: number, fill: number) => blobs.put(new Uint8Array(size).fill(fill), { durable: false });
/** Time that passes, as files tell it. */
const pause = () => new Promise((done) => setTimeout(done, 30));
const freeAll = async () => giveUp(await spareFiles(data), 0, await inUseSince(data));
const never = Number.POSITIVE_INFINITY;

describe("what can be made again", () => {
  it("goes in the order in which it was last used, until the rest is within the limit", async () => {
    const first = await made(1000, 1);
    await pause();
    const second = await made(1000, 2);
    await pause();
    const third = await made(1000, 3);
    await pause();
    await blobs.use(first);
    expect(await giveUp(await spareFiles(data), 2000, never)).toEqual({ files: 1, bytes: 1000 });
    expect(await Promise.all([first, second, third].map(blobs.has))).toEqual([true, false, true]);
  });
  it("goes without what must last, what is held, and what is in use", async () => {
    const upload = await blobs.put(new Uint8Array(1000).fill(4));
    const held = await made(1000, 5);
    await blobs.hold("a-run", [held, upload]);
    const spare = await made(1000, 6);
    await pause();
    const endUse = await beginCacheUse(data);
    const used = await made(1000, 7);
    expect(await freeAll()).toEqual({ files: 1, bytes: 1000 });
    expect(await Promise.all([upload, held, spare, used].map(blobs.has))).toEqual([true, true, false, true]);
    await blobs.release("a-run");
    await endUse();
    await freeAll();
    expect(await Promise.all([upload, held, used].map(blobs.has))).toEqual([true, false, false]);
  });
  it("is kept within PATCHBAY_DISK by whoever uses it", async () => {
    vi.stubEnv("PATCHBAY_DISK", "1500");
    await made(1000, 8);
    await made(1000, 9);
    await (await beginCacheUse(data))();
    expect(bytesOf(await spareFiles(data))).toBe(1000);
    vi.unstubAllEnvs();
    expect(await diskLimit(data, 0)).toBeLessThanOrEqual(50 * 2 ** 30);
  });
  it("is no longer in use by a process that was killed", async () => {
    await mkdir(join(data, "cache/users"), { recursive: true });
    await writeFile(join(data, "cache/users/gone"), "4194305 1");
    expect(await inUseSince(data)).toBe(never);
  });
  it("becomes what lasts when it is stored to last", async () => {
    const bytes = new Uint8Array(1000).fill(10);
    const ref = await blobs.put(bytes, { durable: false });
    expect(await blobs.put(bytes)).toBe(ref);
    await giveUp(await spareFiles(data), 0, never);
    expect(await blobs.get(ref)).toHaveLength(1000);
  });
});

it("what there is is told by kind", async () => {
  await blobs.put(new Uint8Array(10).fill(1));
  await blobs.hold("a-run", [await made(20, 2)]);
  await made(30, 3);
  for (const [path, size] of Object.entries({
    "cache/pixels/ab/x": 40,
    "cache/results/ab/y.json": 50,
    "scratch/t/s": 60,
  })) {
    await mkdir(join(data, path, ".."), { recursive: true });
    await writeFile(join(data, path), new Uint8Array(size));
  }
  const kinds = (await kindsOfFiles(data)).map(({ kind, bytes, spare }) => [kind, bytes, spare]);
  expect(kinds).toEqual([
    ["results of nodes", 50, true],
    ["decoded pictures", 40, true],
    ["tensors, texts and pictures of results", 30, true],
    ["checkpoints of trainings that go on", 60, false],
    ["what runs show", 20, false],
    ["uploads and weights", 10, false],
  ]);
  await rm(data, { recursive: true });
  expect(await kindsOfFiles(data)).toEqual([]);
});
