import { execFileSync } from "node:child_process";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, expect, it, vi } from "vitest";
import { apart, spreadEvenly } from "#server/runtime/host/video-frames";
import { runNode, temporaryFolder, testHost } from "#tests/kit/run-node";
import type { ImageBatch } from "../core/values";
import { videoFrames } from "./video-frames";

afterEach(() => vi.unstubAllEnvs());

/** An animation whose frames are grey, each brighter than the one before. */
async function animation(frames: number, format: "gif" | "webp"): Promise<Buffer> {
  const [width, height] = [12, 8];
  const data = Buffer.alloc(width * height * frames * 3);
  for (let i = 0; i < data.length; i++) data[i] = Math.floor(i / (width * height * 3)) * 20;
  const raw = { width, height: height * frames, channels: 3 as const, pageHeight: height };
  const picture = sharp(data, { raw });
  return format === "gif" ? picture.gif({ dither: 0 }).toBuffer() : picture.webp({ lossless: true }).toBuffer();
}

async function read(folder: string, params: object = {}) {
  const host = await testHost({ folders: [folder] });
  const given = await runNode(videoFrames, {}, { folder, ...params }, host);
  const brightness = async (image: ImageBatch) =>
    host.decode(image, { sizeOf: (size) => size }, ({ data }) => Math.round((data[0] as number) / 20));
  return { ...given, brightness: await brightness(given.images) };
}

it("gives frames of animated GIF and WebP, spread evenly from the first to the last, a row a video", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "a.gif"), await animation(9, "gif"));
  await writeFile(join(folder, "b.webp"), await animation(3, "webp"));
  const { images, name, brightness } = await read(folder, { frames: 4 });
  expect(images.counts).toEqual([4, 3]);
  expect(name).toEqual(["a", "b"]);
  expect(brightness).toEqual([0, 2, 5, 8, 0, 1, 2]);
});

it("takes an uploaded one", async () => {
  const host = await testHost();
  const ref = await host.put(await animation(2, "gif"));
  const { images } = await runNode(videoFrames, {}, { source: "upload", file: { ref, name: "a.gif" } }, host);
  expect(images.counts).toEqual([2]);
});

it("says what a video needs where there is no ffmpeg, and what is wrong with one that is none", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "a.mp4"), "no video at all");
  vi.stubEnv("PATCHBAY_FFMPEG", join(folder, "none"));
  vi.stubEnv("PATH", folder);
  await expect(read(folder)).rejects.toThrow(
    "“a.mp4” is a video, and there is no ffmpeg on this machine that reads it.",
  );
  await expect(read(await temporaryFolder())).rejects.toThrow("No video was found.");
});

it.skipIf(!hasFfmpeg())("gives frames of other files by ffmpeg", async () => {
  const folder = await temporaryFolder();
  const ffmpeg = process.env.PATCHBAY_FFMPEG ?? "ffmpeg";
  await writeFile(join(folder, "a.gif"), await animation(9, "gif"));
  execFileSync(ffmpeg, ["-v", "error", "-i", join(folder, "a.gif"), "-c:v", "ffv1", join(folder, "a.mkv")]);
  const { images, brightness } = await read(folder, { files: "*.mkv", frames: 4 });
  expect(images.counts).toEqual([4]);
  expect(brightness).toEqual([0, 2, 5, 8]);
  await copyFile(import.meta.filename, join(folder, "b.mkv"));
  await expect(read(folder, { files: "b.mkv" })).rejects.toThrow(/^The video “b.mkv” cannot be read: /);
});

it("spreads as numpy.linspace does, and takes PNG files apart", async () => {
  expect(spreadEvenly(10, 4)).toEqual([0, 3, 6, 9]);
  expect(spreadEvenly(3, 32)).toEqual([0, 1, 2]);
  expect(spreadEvenly(7, 1)).toEqual([0]);
  const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  expect(apart(Buffer.concat([png, png])).map(({ length }) => length)).toEqual([png.length, png.length]);
});

function hasFfmpeg(): boolean {
  try {
    execFileSync(process.env.PATCHBAY_FFMPEG ?? "ffmpeg", ["-version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
