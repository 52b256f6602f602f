/**
 * LLaVA, LLaVA-NeXT and LLaVA-OneVision as graphs of nodes, from pictures to text: what transformers gives is what
 * comes out. Rows of a batch are prompts of different lengths, padded at the left.
 */
import { readFileSync } from "node:fs";
import { cp, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { npyHeader } from "#models/files/npy-header";
import { readProcessor } from "#models/pictures/processor-config";
import type { Tensor } from "#nodes/core/values";
import type { GraphDocument } from "#nodes/graph/document";
import { tensorsIn } from "#server/runtime/hugging-face/tensor-files";
import { loadValue } from "#server/runtime/values";
import { openBlobs } from "#server/storage/blobs";
import { graph, runDocument } from "./kit/graphs";
import { temporaryFolder } from "./kit/run-node";

const set = resolve("tests/fixtures/conformance");

interface Case {
  name: string;
  images: string[];
  frames: string[];
  inputs: Record<string, string>;
  outputs: Record<string, string>;
  rows?: Record<string, number[]>;
}
interface Expected {
  cases: Case[];
  tolerance: { abs: number; rel: number };
  ids: Record<string, number[][]>;
}
/** A batch: the model, its cases, one a row, and how its pictures are cut. */
interface Batch {
  model: string;
  cases: string[];
  tiler: Record<string, unknown>;
  placeholder: number;
  /** The case whose text is written, where one is stored. */
  greedy?: string;
}

const pinpointsOf = (model: string): string => {
  const config = JSON.parse(readFileSync(join(set, model, "config.json"), "utf8"));
  return config.image_grid_pinpoints.map(([height, width]: number[]) => `(${width}, ${height})`).join(", ");
};
const next = {
  tile: 20,
  patch: 4,
  mode: "anyres",
  several: "as one",
  normalization: "clip",
  rounding: "transformers",
  resolutions: pinpointsOf("llava-next"),
};
const onevision = {
  ...next,
  mode: "anyres_max",
  most: 4,
  several: "pad",
  normalization: "half",
  resolutions: pinpointsOf("llava-onevision"),
};
const batches: Batch[] = [
  {
    model: "llava",
    cases: ["forward", "two-pictures"],
    tiler: { mode: "flat", tile: 24, patch: 6 },
    placeholder: 380,
    greedy: "greedy",
  },
  {
    model: "llava-next",
    cases: ["forward", "tall", "two-pictures"],
    tiler: next,
    placeholder: 380,
    greedy: "greedy",
  },
  {
    model: "llava-onevision",
    cases: ["forward", "tall", "small-square", "many-pictures"],
    tiler: onevision,
    placeholder: 369,
    greedy: "greedy",
  },
  {
    model: "llava-onevision",
    cases: ["video"],
    tiler: { ...onevision, rows: "videos" },
    placeholder: 370,
    greedy: "video-greedy",
  },
];

describe.each(batches)("$model, $cases wired from nodes", (batch) => {
  it("gives the packed tokens, embeddings, scores and text of transformers", async () => {
    const expected = JSON.parse(readFileSync(join(set, batch.model, "expected.json"), "utf8")) as Expected;
    const tensors = tensorsIn(readFileSync(join(set, batch.model, "expected.safetensors")));
    const caseOf = (name: string) => expected.cases.find((one) => one.name === name) as Case;
    const idsOf = (name: string) => expected.ids[caseOf(name).inputs.input_ids as string]?.[0] as number[];
    const values = await valuesOf(batch, caseOf, idsOf);
    const close = (got: Float32Array, stored: string | undefined, what: string) => {
      const want = tensors[stored ?? ""] as Tensor;
      const most = (want.data as Float32Array).reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
      expect(got.length, what).toBe(want.data.length);
      const gap = got.reduce((largest, x, i) => Math.max(largest, Math.abs(x - Number(want.data[i]))), 0);
      expect(gap, what).toBeLessThanOrEqual(expected.tolerance.abs + expected.tolerance.rel * most);
    };
    for (const [row, name] of batch.cases.entries()) {
      const { outputs, rows } = caseOf(name);
      const ids = idsOf(name);
      expect(lastOf(values.ids, row, ids.length).map(Number), name).toEqual(ids);
      const embedded = Float32Array.from(lastOf(values.embeddings, row, ids.length), Number);
      close(embedded, outputs["hidden_states.0"], `${name}: embeddings`);
      const places = rows?.logits?.length ?? ids.length;
      close(Float32Array.from(lastOf(values.logits, row, places), Number), outputs.logits, `${name}: scores`);
    }
    const written = tensors[caseOf(batch.greedy as string).outputs.sequences as string] as Tensor;
    const [row] = values.tokens.shape.slice(1);
    expect(Array.from(values.tokens.data.slice(0, row), Number)).toEqual(Array.from(written.data.slice(-16), Number));
  });
});

/** The last places of a row. */
function lastOf({ shape, data }: Tensor, row: number, places: number): (number | bigint)[] {
  const [, length = 0, width = 1] = shape;
  return [...data.slice(((row + 1) * length - places) * width, (row + 1) * length * width)];
}

async function valuesOf(batch: Batch, caseOf: (name: string) => Case, idsOf: (name: string) => number[]) {
  const folder = await temporaryFolder();
  await cp(join(set, "images"), folder, { recursive: true });
  const rows = batch.cases.map((name) => picturesOf(caseOf(name)));
  await writeFrames(batch, folder, caseOf);
  const records = rows.map((image, id) => ({
    id: String(id),
    image,
    conversations: [
      { from: "human", value: image.map(() => "<image>").join("") },
      { from: "gpt", value: "." },
    ],
  }));
  await writeFile(join(folder, "rows.json"), JSON.stringify(records));
  const prompts = batch.cases.map((name) =>
    withoutRepeats(idsOf(name), batch, rows[batch.cases.indexOf(name)]?.length),
  );
  const length = Math.max(...prompts.map((ids) => ids.length));
  const padded = (fill: (ids: number[]) => number[]) =>
    prompts.flatMap((ids) => [...Array<number>(length - ids.length).fill(0), ...fill(ids)]);
  await writeIntegers(
    join(folder, "ids.npy"),
    [prompts.length, length],
    padded((ids) => ids),
  );
  await writeIntegers(
    join(folder, "mask.npy"),
    [prompts.length, length],
    padded((ids) => ids.map(() => 1)),
  );
  const dir = await temporaryFolder();
  const { outputs, error } = await runDocument(documentOf(batch, folder, length), dir, {
    folders: [set, folder],
    targets: ["generate", "decoder", "splice", "places"],
  });
  expect(error).toBeUndefined();
  const blobs = openBlobs(join(dir, "blobs"));
  const valueOf = async (node: string, port: string) =>
    (await loadValue("tensor", outputs[node]?.[port]?.value as never, blobs)) as Tensor;
  return {
    ids: await valueOf("places", "ids"),
    embeddings: await valueOf("splice", "embeddings"),
    logits: await valueOf("decoder", "logits"),
    tokens: await valueOf("generate", "tokens"),
  };
}

const picturesOf = ({ images, frames }: Case): string[] => [...images, ...frames].map((name) => `${name}.png`);

/**
 * Frames at the size of a tile, as transformers has them: it scales videos by another filter than pictures, which are
 * Pillow's.
 */
async function writeFrames({ model, cases }: Batch, folder: string, caseOf: (name: string) => Case): Promise<void> {
  const tensors = tensorsIn(readFileSync(join(set, model, "expected.safetensors")));
  for (const { frames, inputs } of cases.map(caseOf)) {
    const { shape, data } = tensors[inputs.pixel_values_videos ?? ""] ?? { shape: [], data: new Float32Array() };
    const [, , , height = 0, width = 0] = shape;
    const plane = height * width;
    for (const [frame, name] of frames.entries()) {
      const valueAt = (i: number) => Number(data[(frame * 3 + (i % 3)) * plane + Math.floor(i / 3)]);
      const pixels = Uint8Array.from({ length: 3 * plane }, (_, i) => Math.round((valueAt(i) * 0.5 + 0.5) * 255));
      await sharp(pixels, { raw: { width, height, channels: 3 } })
        .png()
        .toFile(join(folder, `${name}.png`));
    }
  }
}

/** The prompt as it was before its placeholders were repeated: one for each picture, or for the video. */
function withoutRepeats(ids: number[], { tiler, placeholder }: Batch, pictures = 1): number[] {
  const count = tiler.rows === "videos" ? 1 : pictures;
  const runs = ids.filter((id, i) => id === placeholder && ids[i - 1] !== placeholder).length;
  if (runs === count) return ids.filter((id, i) => id !== placeholder || ids[i - 1] !== placeholder);
  expect(runs).toBe(1); // pictures side by side
  const first = ids.indexOf(placeholder);
  return [
    ...ids.slice(0, first),
    ...Array<number>(count).fill(placeholder),
    ...ids.slice(ids.lastIndexOf(placeholder) + 1),
  ];
}

const writeIntegers = (path: string, shape: number[], numbers: readonly number[]) =>
  writeFile(
    path,
    Buffer.concat([npyHeader("int64", shape), new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer)]),
  );

function documentOf({ model, tiler, placeholder }: Batch, folder: string, length: number): GraphDocument {
  const place = join(set, model);
  const config = readFileSync(join(place, "config.json"), "utf8");
  const part = (params: object = {}): [string, Record<string, unknown>] => [
    "model.hugging-face",
    { source: "folder", folder: place, config, ...params },
  ];
  const integers = (name: string): [string, Record<string, unknown>] => [
    "data.tensors",
    { folder, files: `${name}.npy`, columns: [{ name, as: "int64", row: [length] }] },
  ];
  const isPlain = model === "llava";
  const processor = readProcessor(JSON.parse(readFileSync(join(place, "preprocessor_config.json"), "utf8")));
  const file = { ref: "0".repeat(64), processor };
  return graph(
    {
      data: ["data.conversations", { folder, files: "rows.json" }],
      tiler: ["image.anyres-tiler", tiler],
      ...(isPlain ? { preprocess: ["image.preprocess", { source: "upload", file }] as [string, object] } : {}),
      ids: integers("ids"),
      mask: integers("mask"),
      places: ["text.place-images", { placeholder, side: "left" }],
      weights: ["weights.load", { source: "folder", folder: place }],
      tower: part(),
      packer: ["model.anyres-packer"],
      table: part({ layer: 0 }),
      splice: ["model.splice", { placeholder }],
      decoder: part(),
      tokenizer: ["text.load-tokenizer", { source: "folder", folder: place }],
      generate: ["text.generate", { longest: 16, shortest: 16 }],
    } as never,
    [
      "data.images -> tiler.images",
      ...(isPlain
        ? ["data.images -> preprocess.image", "preprocess.pixels -> tower.tiles"]
        : ["tiler.tiles -> tower.tiles"]),
      "tower.tile_features -> packer.features",
      ...["counts", "index", "shares"].map((port) => `tiler.${port} -> packer.${port}`),
      "tiler.tokens -> places.tokens",
      "ids.ids -> places.ids",
      "mask.mask -> places.mask",
      "places.ids -> table.input_ids",
      "places.ids -> splice.ids",
      "table.hidden_state -> splice.embeddings",
      "packer.tokens -> splice.tokens",
      "splice.embeddings -> decoder.inputs_embeds",
      "places.mask -> decoder.attention_mask",
      "places.positions -> decoder.position_ids",
      ...["tower", "table", "decoder"].map((node) => `weights.weights -> ${node}.weights`),
      ...(isPlain ? [] : ["weights.weights -> packer.weights"]),
      "decoder.logits -> generate.logits",
      "tokenizer.tokenizer -> generate.tokenizer",
    ],
  );
}
