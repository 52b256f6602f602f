/** Pictures of data sets, byte by byte and pixel by pixel. */
import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { Host } from "#nodes/core/host";
import type { ImageBatch, ImageFile } from "#nodes/core/values";
import { count } from "#tests/conformance/counts";
import { testHost } from "#tests/kit/run-node";

export interface ExpectedPicture {
  bytes_sha256: string;
  size: [number, number];
  exif_orientation?: number;
  /** Of the pixels, row by row, where the format loses nothing; else the mean of each channel. */
  rgb_sha256?: string;
  rgb_mean?: number[];
}

/** The host that may read a folder, and what it warns of. */
export async function hostOf(folder: string): Promise<{ host: Host; warnings: string[] }> {
  const warnings: string[] = [];
  return { host: await testHost({ folders: [folder], onWarn: (message) => warnings.push(message) }), warnings };
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export async function picturesLike(host: Host, images: ImageBatch, expected: readonly ExpectedPicture[]) {
  const { files } = images as { files: ImageFile[] };
  expect(files).toHaveLength(expected.length);
  const bytes = await Promise.all(files.map((file) => host.imageBytes(file)));
  expect(bytes.map(sha256)).toEqual(expected.map((picture) => picture.bytes_sha256));
  const decoded = await host.decode({ files }, { sizeOf: (size) => size }, (picture) => picture);
  for (const [i, { size, exif_orientation: turned, ...want }] of expected.entries()) {
    const { width, height, data } = decoded[i] as (typeof decoded)[number];
    const isTurned = (turned ?? 1) > 4;
    expect(isTurned ? [width, height].sort() : [width, height]).toEqual(isTurned ? [...size].sort() : size);
    if (want.rgb_sha256) expect(sha256(Uint8Array.from(data))).toBe(want.rgb_sha256);
    for (const [channel, mean] of (want.rgb_mean ?? []).entries()) {
      expect(Math.abs(meanOf(data, channel) - mean)).toBeLessThanOrEqual(2);
    }
    count("pictures");
  }
}

function meanOf(data: ArrayLike<number>, channel: number): number {
  const values = Array.from(data).filter((_, i) => i % 3 === channel);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
