import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { sampler } from "#models/train/sampler";
import { defineNode } from "#nodes/core/node";
import { port } from "#nodes/core/ports";
import type { ImageBatch } from "#nodes/core/values";
import type { GraphDocument } from "#nodes/graph/document";
import { registry } from "#nodes/registry.gen";
import { graph, runDocument } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";

const pictures = 40;
const batch = 4;
let folder: string;
const pathOf = (row: number) => join(folder, `${String(row).padStart(2, "0")}.jpg`);

/** A JPEG that is like no other. */
const jpeg = (row: number): Promise<Buffer> =>
  sharp({ create: { width: 30 + row, height: 24, channels: 3, background: { r: row * 6, g: 255 - row * 6, b: 90 } } })
    .jpeg()
    .toBuffer();

/** Writes a picture's file at one and the same time. */
async function write(row: number, bytes: Uint8Array): Promise<void> {
  await writeFile(pathOf(row), bytes);
  await utimes(pathOf(row), 1, 1);
}

beforeAll(async () => {
  folder = join(await temporaryFolder(), "pictures");
  await mkdir(folder);
  for (let row = 0; row < pictures; row++) {
    await write(row, await jpeg(row));
    await writeFile(pathOf(row).replace(".jpg", ".txt"), ["cat", "dog", "owl"][row % 3] as string);
  }
});

/** A classifier of the pictures; `between` are nodes from one image to another, one behind the other. */
function classifier(trainer: Record<string, unknown>, between: Record<string, [string]> = {}): GraphDocument {
  const chain = ["data", ...Object.keys(between), "normalize"];
  return graph(
    {
      data: ["data.folder", { folder }],
      ...between,
      normalize: ["image.normalize"],
      vision: ["model.vision-transformer", { scope: "vision", patch: 8, width: 32, layers: 1, heads: 2 }],
      head: ["model.projector", { scope: "head", width: 3 }],
      labels: ["text.label-ids"],
      loss: ["loss.cross-entropy"],
      trainer: ["train.trainer", { steps: 12, batch, warmup: 0, lr: 0.003, checkpoint: 3, ...trainer }],
    },
    [
      ...chain.slice(1).map((node, i) => `${chain[i]}.image -> ${node}.image`),
      "normalize.pixels -> vision.pixels",
      "vision.features -> head.features",
      "head.embedding -> loss.logits",
      "data.text -> labels.text",
      "labels.ids -> loss.labels",
      "loss.loss -> trainer.loss",
    ],
  );
}
const resize = ["image.resize", { width: 16, height: 16 }] as unknown as [string];
const augmented = (trainer = {}) => classifier(trainer, { resize, augment: ["image.augment"] });

type Options = Parameters<typeof runDocument>[2];
const trained = async (document: GraphDocument, options: Options = {}, dir?: string) =>
  runDocument(document, dir ?? (await temporaryFolder()), { folders: [folder], ...options });
type Run = Awaited<ReturnType<typeof trained>>;

function lossesOf(run: Run): number[] {
  expect(run.error).toBeUndefined();
  const { lines } = run.outputs.trainer?.curve?.value as { lines: { name: string; values: number[] }[] };
  return lines.find(({ name }) => name === "loss")?.values ?? [];
}

describe("rows of a training", () => {
  it("are read when they are drawn, and no others are", async () => {
    const read: string[] = [];
    const reader = defineNode({
      type: "test.reader",
      title: "Reader",
      description: "Notes which pictures it is given.",
      version: 1,
      inputs: { image: port.image({ shape: ["N", "*", "*"] }) },
      outputs: { image: port.image({ shape: ["N", "*", "*"] }) },
      params: {},
      rowwise: true,
      async run({ inputs }) {
        const { files } = inputs.image as Extract<ImageBatch, { files: unknown }>;
        read.push(...files.map(({ name = "" }) => name));
        return { image: inputs.image };
      },
    });
    const document = classifier({ steps: 2 }, { resize });
    document.nodes.reader = { ...(document.nodes.labels as GraphDocument["nodes"][string]), type: "test.reader" };
    document.wires = document.wires.map((wire) =>
      wire.to.node === "resize" ? { ...wire, to: { node: "reader", port: "image" } } : wire,
    );
    document.wires.push({ from: { node: "reader", port: "image" }, to: { node: "resize", port: "image" } });
    const options = { registry: { ...registry, "test.reader": reader } };
    const draw = sampler({ rows: pictures, batch, seed: 0 });
    const names = (step: number) => [...draw.batch(step)].map((row) => `${String(row).padStart(2, "0")}.jpg`);
    const held = await trained(document, options);
    expect(held.ran).not.toContain("resize");
    expect(lossesOf(held)).toHaveLength(2);
    expect(read).toEqual([...names(1), ...names(2)]);
    // Without room for them the first batch, for whose shapes the step is built, is made again for the first step.
    read.length = 0;
    await trained(document, { ...options, heldBytes: 0 });
    expect(read).toEqual([...names(1), ...names(1), ...names(2)]);
  });

  it("are the same whatever the number of threads, held or not, and after a stop at any step", async () => {
    const whole = lossesOf(await trained(augmented(), { dataThreads: 0 }));
    expect(new Set(whole).size).toBe(12);
    for (const dataThreads of [0, 1, 2, 4])
      expect(lossesOf(await trained(augmented(), { dataThreads, heldBytes: 0 }))).toEqual(whole);
    for (const [stopAt, dataThreads] of [
      [1, 2],
      [5, 0],
      [9, 4],
    ]) {
      const dir = await temporaryFolder();
      const controller = new AbortController();
      const stop: Options = {
        dataThreads,
        signal: controller.signal,
        onEvent: (event) => event.kind === "metric" && event.step === stopAt && controller.abort(),
      };
      expect((await trained(augmented(), stop, dir)).status).toBe("cancelled");
      expect(lossesOf(await trained(augmented(), { dataThreads: 1, heldBytes: 0 }, dir))).toEqual(whole);
    }
  });

  it("take room only where all of them fit: pixels before they are floats, where those do not", async () => {
    const whole = lossesOf(await trained(classifier({}, { resize })));
    const floats = pictures * 3 * 16 * 16 * 4;
    for (const heldBytes of [floats + 8 * pictures, floats, floats / 4 + 8 * pictures, 100])
      expect(lossesOf(await trained(classifier({}, { resize }), { heldBytes }))).toEqual(whole);
  });

  it("go through a frozen part once, whatever of them is held", async () => {
    const frozen = classifier({ steps: 6 }, { resize });
    Object.assign(frozen.nodes, graph({ fresh: ["weights.make", { seed: 3 }], freeze: ["weights.freeze"] }).nodes);
    frozen.wires.push(
      { from: { node: "fresh", port: "weights" }, to: { node: "freeze", port: "weights" } },
      { from: { node: "freeze", port: "weights" }, to: { node: "vision", port: "weights" } },
    );
    const held = await trained(frozen);
    expect(held.events.find((event) => event.kind === "hoisted")).toMatchObject({ nodes: ["vision"], rows: pictures });
    for (const heldBytes of [0, pictures * 3 * 16 * 16 + 8 * pictures])
      expect(lossesOf(await trained(frozen, { heldBytes }))).toEqual(lossesOf(held));
  });

  it("that cannot be read name the file and the node, and the training goes on when they can", async () => {
    const step = 8;
    const [row] = sampler({ rows: pictures, batch, seed: 0 }).batch(step) as unknown as [number];
    const document = classifier({}, { resize });
    const whole = lossesOf(await trained(document));
    const dir = await temporaryFolder();
    await trained(document, { targets: ["data"] }, dir);
    const bytes = await readFile(pathOf(row));
    await write(
      row,
      bytes.map((byte, i) => (i < 20 ? 0 : byte)),
    );
    const failed = await trained(document, { dataThreads: 1 }, dir);
    expect(failed.error).toMatchObject({ node: "resize", message: expect.stringContaining(`${row}.jpg`) });
    expect(failed.events.filter((event) => event.kind === "metric")).toHaveLength(step - 1);
    await write(row, bytes);
    const resumed = await trained(document, {}, dir);
    expect(resumed.events).toContainEqual(expect.objectContaining({ kind: "resumed", step: 6 }));
    expect(lossesOf(resumed)).toEqual(whole);
  });
});
