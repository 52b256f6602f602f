/** Pictures as transformers' image processors prepare them: every processor of the set, every picture. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Host } from "#nodes/core/host";
import type { HostValues, Ports } from "#nodes/core/ports";
import type { ImageBatch, Tensor } from "#nodes/core/values";
import { preprocess } from "#nodes/image/preprocess";
import { readProcessor } from "#models/pictures/processor-config";
import { count } from "./counts";
import { foldersOf, readJson, readNumbers } from "./files";
import { setFolder } from "./set";
import { runNode, testHost } from "#tests/kit/run-node";

interface Probe {
  shape: number[];
  at: number[][];
}
interface Expected {
  class: string;
  defaults: Record<string, unknown>;
  default_probes: Record<string, Probe>;
}
const tolerance = 1e-5;
const ref = "0".repeat(64);

export function testPictures(): void {
  const folders = foldersOf("image-processors");
  if (!folders.length) return;
  describe("image processors of the set", () => {
    let host: Host;
    beforeAll(async () => {
      host = await testHost();
    });
    async function processed(picture: string, config: unknown, params: object = {}): Promise<HostValues<Ports>> {
      const file = await host.importImage(readFileSync(join(setFolder, "images", `${picture}.png`)));
      const image: ImageBatch = { files: [file] };
      const upload = { ref, processor: readProcessor(config) };
      return runNode(preprocess, { image }, { source: "upload", file: upload, ...params }, host);
    }

    it.each(folders.map((folder) => [basename(folder), folder]))("%s gives every number", async (_, folder) => {
      const answers = readNumbers(folder, "expected.safetensors");
      const config = readJson(folder, "preprocessor_config.json");
      const names = { pixel_values: "pixels", pixel_mask: "mask", image_sizes: "sizes" };
      for (const [name, want] of answers) {
        const [picture = "", kind = ""] = name.split(".");
        const got = (await processed(picture, config))[names[kind as keyof typeof names]] as Tensor;
        expect(got.shape, name).toEqual(want.shape);
        expect(largestDifference(got, want.data), name).toBeLessThanOrEqual(tolerance);
        if (kind === "pixel_values") count("pictures");
      }
    });

    it.each(folders.map((folder) => [basename(folder), folder]))("%s does so at its own size", async (_, folder) => {
      const expected = readJson<Expected>(folder, "expected.json");
      for (const [picture, { shape, at }] of Object.entries(expected.default_probes)) {
        const { data, shape: got } = (await processed(picture, expected.defaults)).pixels as Tensor;
        expect(got, picture).toEqual(shape);
        count("pictures");
        for (const probe of at) {
          const value = Number(data[indexOf(probe.slice(0, -1), shape)]);
          // the fixture has five digits behind the point
          expect(Math.abs(value - (probe.at(-1) as number)), `${picture} ${probe}`).toBeLessThanOrEqual(tolerance);
        }
      }
    });
  });
}

/** Of numbers beyond 1, such as pixels that are not divided by 255, as a share of them: they have no more digits. */
function largestDifference({ data }: Tensor, want: readonly number[]): number {
  const scaled = (value: number, i: number) => Math.abs(Number(data[i]) - value) / Math.max(1, Math.abs(value));
  return want.reduce((most, value, i) => Math.max(most, scaled(value, i)), 0);
}

const indexOf = (place: readonly number[], shape: readonly number[]): number =>
  place.reduce((index, at, axis) => index * (shape[axis] as number) + at, 0);
