/** A small model of LLaVA's kind trains on pictures of any size and number: from conversations to the loss. */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { readSafetensors, toFloat32 } from "#models/files/safetensors";
import type { Series, Tensor } from "#nodes/core/values";
import { check } from "#nodes/graph/check";
import { loadValue } from "#server/runtime/values";
import { openBlobs } from "#server/storage/blobs";
import { tinyFolder, tinyModel } from "../scripts/gen/tiny-models";
import { graph, runDocument } from "./kit/graphs";
import { oneVisionWires } from "./kit/onevision-wires";
import { temporaryFolder } from "./kit/run-node";

/** One of Qwen's kind, and what it calls <image>. */
const tokenizer = resolve("tests/fixtures/conformance/llava-onevision");
const placeholder = 369;

const colours = ["red", "green", "blue", "white"];

/** Questions about pictures of one colour, of several shapes; some rows have two pictures, some none. */
async function conversations(): Promise<string> {
  const folder = await temporaryFolder();
  const sizes = [
    [64, 32],
    [30, 90],
    [32, 32],
  ] as const;
  const rows = await Promise.all(
    Array.from({ length: 24 }, async (_, i) => {
      const colour = colours[i % colours.length] as string;
      const count = i % 6 === 5 ? 0 : 1 + Number(i % 4 === 3);
      const image = Array.from({ length: count }, (_, k) => `${i}-${k}.png`);
      const [width, height] = sizes[i % sizes.length] as [number, number];
      for (const name of image)
        await sharp({ create: { width, height, channels: 3, background: colour } })
          .png()
          .toFile(join(folder, name));
      const places = image.map(() => "<image>").join("");
      const question = count ? `${places}\nWhat colour is it?` : `Say ${colour}.`;
      return {
        id: `${i}`,
        image,
        conversations: [
          { from: "human", value: question },
          { from: "gpt", value: colour },
        ],
      };
    }),
  );
  await writeFile(join(folder, "rows.json"), JSON.stringify(rows));
  return folder;
}

type Tiles = { tile: number; patch: number };
type Tower = [type: string, params: Record<string, unknown>];

/** A graph of LLaVA-OneVision's kind with a tower, whose tiles have these sides. */
function withTower(folder: string, tower: Tower, tiles: Tiles, training: Record<string, unknown>) {
  const decoder = { vocabulary: 376, width: 32, layers: 1, heads: 2, keyHeads: 2, hidden: 48 };
  const isLlava = JSON.stringify(tower).includes("LlavaOnevision");
  const pixels = isLlava ? "tiles" : tower[0] === "model.hugging-face" ? "pixel_values" : "pixels";
  const patches = isLlava ? "tile_features" : "patches";
  return graph(
    {
      data: ["data.conversations", { folder, files: "rows.json" }],
      tokenizer: ["text.load-tokenizer", { source: "folder", folder: tokenizer }],
      template: ["text.conversation-template", { template: "qwen", system: "Hi.", placeholder }],
      tiler: ["image.anyres-tiler", { ...tiles, resolutions: "(1x1),…,(2x2)", most: 2, rounded: true }],
      places: ["text.place-images", { length: 200, padding: "rounded", placeholder }],
      tower,
      projector: ["model.projector", { width: 32, layers: 2 }],
      packer: ["model.anyres-packer"],
      table: ["model.token-embedding", { vocabulary: 376, width: 32 }],
      splice: ["model.splice", { placeholder }],
      decoder: ["model.llm-decoder", { ...decoder, tied: false }],
      loss: ["loss.causal-lm"],
      trainer: ["train.trainer", { batch: 6, lr: 0.01, weightDecay: 0, ...training }],
    },
    oneVisionWires.map((wire) =>
      wire.replace("tower.pixels", `tower.${pixels}`).replace("tower.patches", `tower.${patches}`),
    ),
  );
}

const ownTower: Tower = ["model.vision-transformer", { patch: 8, width: 16, layers: 1, heads: 2 }];

it("a model learns from pictures of any size and number, answering about them", async () => {
  const folder = await conversations();
  const document = withTower(folder, ownTower, { tile: 16, patch: 8 }, { steps: 24, warmup: 4 });
  const { outputs, error } = await runDocument(document, await temporaryFolder(), {
    folders: [folder, tokenizer],
  });
  expect(error).toBeUndefined();
  const { lines } = outputs.trainer?.curve?.value as Series;
  const loss = lines.find(({ name }) => name === "loss")?.values ?? [];
  expect(loss[0]).toBeGreaterThan(5);
  expect(loss.at(-1)).toBeLessThan(1);
});

describe("any tower sees packed tiles, and trains on them", () => {
  it.each([
    ["our own vision transformer", ownTower, { tile: 16, patch: 8 }],
    ["DINOv2", ["model.hugging-face", tinyModel("dinov2")], { tile: 56, patch: 8 }],
    ["DINOv2 on tiles of another size", ["model.hugging-face", tinyModel("dinov2")], { tile: 32, patch: 8 }],
    ["CLIP at layer −2", ["model.hugging-face", { ...tinyModel("clip-vision"), layer: -2 }], { tile: 32, patch: 8 }],
    [
      "SigLIP",
      ["model.hugging-face", { ...tinyModel("siglip"), className: "SiglipVisionModel" }],
      { tile: 32, patch: 8 },
    ],
  ] as [string, Tower, Tiles][])("%s", async (_, tower, tiles) => {
    const folder = await conversations();
    const document = withTower(folder, tower, tiles, { steps: 1, warmup: 0 });
    const dir = await temporaryFolder();
    const run = await runDocument(document, dir, { folders: [folder, tinyFolder], targets: ["packer", "trainer"] });
    expect(run.error).toBeUndefined();
    const blobs = openBlobs(join(dir, "blobs"));
    const tokens = (await loadValue("tensor", run.outputs.packer?.tokens?.value as never, blobs)) as Tensor;
    // A row of two pictures has two tiles and a newline behind each; one without a picture has nothing.
    const side = tiles.tile / tiles.patch;
    expect(filledIn(tokens, 3)).toBe(2 * (side * side + 1));
    expect(filledIn(tokens, 5)).toBe(0);
    const { ref } = run.outputs.trainer?.weights?.value as { ref: string };
    const { tensors } = readSafetensors(await blobs.get(ref));
    const seeing = [...tensors].filter(([name]) => name.startsWith(tower[0].endsWith("face") ? "model." : "vision."));
    expect(seeing.length).toBeGreaterThan(5);
    for (const [name, stored] of seeing) expect(toFloat32(stored, name).every(Number.isFinite), name).toBe(true);
  });
});

/** How many tokens of a row are not nothing. */
function filledIn({ shape, data }: Tensor, row: number): number {
  const [, places = 0, width = 0] = shape;
  const tokens = Array.from({ length: places }, (_, i) => (row * places + i) * width);
  return tokens.filter((first) => data.slice(first, first + width).some((x) => Number(x) !== 0)).length;
}

it("tells on the wire of tiles that the tower, or the packer's plan, does not fit, and what to do", () => {
  const problemsOf = (tower: Tower, tiles: Tiles) =>
    check(withTower("/data", tower, tiles, {})).problems.map(({ node, port, message, hint }) => ({
      at: `${node}.${port}`,
      text: `${message} ${hint}`,
    }));
  expect(problemsOf(ownTower, { tile: 16, patch: 8 })).toEqual([]);
  const [other, ...more] = problemsOf(ownTower, { tile: 16, patch: 4 });
  expect(other).toMatchObject({ at: "packer.index" });
  expect(other?.text).toMatch(
    /what it picks among \(T\) is 16, while another input of the node makes it 4.*AnyRes tiler/,
  );
  expect(more).toEqual([]);
  expect(problemsOf(ownTower, { tile: 20, patch: 4 })[0]).toMatchObject({
    at: "tower.pixels",
    text: expect.stringMatching(/20 × 20 cannot be cut into patches of 8.*Choose a patch size/),
  });
  const llava: Tower = ["model.hugging-face", tinyModel("llava-onevision")];
  expect(problemsOf(llava, { tile: 24, patch: 4 })[0]).toMatchObject({
    at: "tower.tiles",
    text: expect.stringMatching(/must be 20 and is 24.*Give it 20 × 20 pixels/),
  });
});
