/** Pictures of any shape, cut into any number of tiles each: the product's own nodes in streams and trainings. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, it } from "vitest";
import type { Tensor } from "#nodes/core/values";
import type { ExecuteOptions } from "#server/runtime/execute";
import { readAllRows } from "#server/runtime/rows";
import { openBlobs } from "#server/storage/blobs";
import { graph, runDocument } from "./kit/graphs";
import { temporaryFolder } from "./kit/run-node";

const pictures = 40;
let folder: string;

beforeAll(async () => {
  folder = join(await temporaryFolder(), "pictures");
  await mkdir(folder);
  for (let row = 0; row < pictures; row++) {
    const name = join(folder, String(row).padStart(2, "0"));
    const [width, height] = [
      [60, 20],
      [20, 60],
      [40, 40],
      [12, 12],
    ][row % 4] as [number, number];
    const background = { r: row * 6, g: 255 - row * 6, b: (row * 70) % 256 };
    await writeFile(
      `${name}.png`,
      await sharp({ create: { width, height, channels: 3, background } })
        .png()
        .toBuffer(),
    );
    await writeFile(`${name}.txt`, ["cat", "dog", "owl"][row % 3] as string);
  }
});

const tower = {
  data: ["data.folder", {}],
  tiler: ["image.anyres-tiler", { tile: 16, patch: 8, resolutions: "(1x1),…,(2x2)", places: 40 }],
  vision: ["model.vision-transformer", { scope: "vision", patch: 8, width: 16, layers: 1, heads: 2 }],
  packer: ["model.anyres-packer"],
} satisfies Parameters<typeof graph>[0];
const towerWires = [
  "data.image -> tiler.images",
  "tiler.tiles -> vision.pixels",
  "vision.patches -> packer.features",
  "tiler.counts -> packer.counts",
  "tiler.index -> packer.index",
  "tiler.shares -> packer.shares",
];
const withFolder = (nodes: Parameters<typeof graph>[0]) => ({
  ...nodes,
  data: ["data.folder", { folder }] as [string, object],
});

it("trains the same with no thread, with one and with two, and whatever is held", async () => {
  const document = graph(
    {
      ...withFolder(tower),
      pool: ["model.pool-tokens"],
      head: ["model.projector", { scope: "head", width: 3 }],
      labels: ["text.label-ids"],
      loss: ["loss.cross-entropy"],
      trainer: ["train.trainer", { steps: 60, batch: 4, warmup: 0, lr: 0.003 }],
    } as never,
    [
      ...towerWires,
      "packer.tokens -> pool.hidden",
      "pool.embedding -> head.features",
      "head.embedding -> loss.logits",
      "data.text -> labels.text",
      "labels.ids -> loss.labels",
      "loss.loss -> trainer.loss",
    ],
  );
  const train = async (options: Partial<ExecuteOptions>) => {
    const { error, events } = await runDocument(document, await temporaryFolder(), { folders: [folder], ...options });
    expect(error).toBeUndefined();
    return events.flatMap((event) => (event.kind === "metric" ? [event.values.loss] : []));
  };
  const losses = await train({ dataThreads: 0 });
  expect(losses).toHaveLength(60);
  for (const dataThreads of [1, 2]) expect(await train({ dataThreads, heldBytes: 0 })).toEqual(losses);
});

// Behind the training, by which the threads have started.
it("gives the same tokens whatever the chunks and however many threads cut the pictures", async () => {
  const run = async (options: Partial<ExecuteOptions>) => {
    const dir = await temporaryFolder();
    const document = graph(withFolder(tower) as never, towerWires);
    const result = await runDocument(document, dir, { targets: ["packer", "vision"], folders: [folder], ...options });
    expect(result.error).toBeUndefined();
    const read = async (node: string, port: string) => {
      const stored = result.outputs[node]?.[port]?.value;
      return (await readAllRows("tensor", stored, openBlobs(join(dir, "blobs")))) as Tensor;
    };
    return { packed: await read("packer", "tokens"), tokens: await read("vision", "patches") };
  };
  const whole = await run({ dataThreads: 0 });
  expect(whole.packed.shape).toEqual([pictures, 40, 16]);
  expect(new Set(whole.tokens.counts).size).toBeGreaterThan(1);
  const chunkBytes = 5 * 8 * 3 * 16 * 16 * 4;
  for (const dataThreads of [0, 2]) expect(await run({ chunkBytes, dataThreads })).toEqual(whole);
});
