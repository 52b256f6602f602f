import { readdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, it } from "vitest";
import { temporaryFolder, testHost } from "#tests/kit/run-node";

const photograph = (width: number, height: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: "#a06030" } })
    .jpeg()
    .toBuffer();
const drawing = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3" fill="#309060"/></svg>',
);

it.each([
  ["a small photograph", () => photograph(32, 32), 16, 0],
  ["a photograph that is decoded sooner than its pixels are read", () => photograph(640, 480), 224, 0],
  ["a large photograph", () => photograph(2000, 1500), 224, 1],
  ["a drawing", async () => drawing, 16, 1],
] as const)("keeps the pixels of what is dear to make alone: %s", async (_, make, side, kept) => {
  const cacheDir = await temporaryFolder();
  const host = await testHost({ cacheDir });
  const bytes = await make();
  const { width, height } = await sharp(bytes).metadata();
  const ref = await host.put(bytes);
  await host.pixels({ files: [{ ref, width, height }] }, { width: side, height: side, fit: "cover" });
  const files = await readdir(join(cacheDir, "pixels"), { recursive: true, withFileTypes: true }).catch(() => []);
  expect(files.filter((entry) => entry.isFile())).toHaveLength(kept);
});
