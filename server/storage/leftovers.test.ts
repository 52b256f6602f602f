import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "#tests/kit/run-node";
import { removeLeftovers } from "./leftovers";

it("removes what killed processes left long ago, and nothing else", async () => {
  const data = await temporaryFolder();
  const now = Date.now();
  const days = (n: number) => new Date(now - n * 86_400_000);
  for (const path of ["blobs/tmp", "blobs/ab", "scratch/old", "scratch/new"])
    await mkdir(join(data, path), { recursive: true });
  for (const [path, age] of [
    ["blobs/tmp/half", 2],
    ["blobs/tmp/fresh", 0],
    ["blobs/ab/blob", 400],
    ["scratch/old/step-1.safetensors", 15],
    ["scratch/new/step-1.safetensors", 3],
  ] as const) {
    await writeFile(join(data, path), "");
    await utimes(join(data, path), days(age), days(age));
  }
  await utimes(join(data, "scratch/old"), days(15), days(15));
  await removeLeftovers(data, now);
  expect([
    await readdir(join(data, "blobs/tmp")),
    await readdir(join(data, "blobs/ab")),
    await readdir(join(data, "scratch")),
  ]).toEqual([["fresh"], ["blob"], ["new"]]);
  await removeLeftovers(join(data, "nowhere"));
});
