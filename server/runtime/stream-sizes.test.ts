import { join } from "node:path";
import { expect, it } from "vitest";
import * as z from "zod";
import { defineNode } from "#nodes/core/node";
import { longestOf, packRows } from "#nodes/core/packing";
import { port } from "#nodes/core/ports";
import type { Tensor } from "#nodes/core/values";
import { registry } from "#nodes/registry.gen";
import { tinyFolder, tinyModel } from "../../scripts/gen/tiny-models";
import { graph, runDocument } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";
import { openBlobs } from "../storage/blobs";
import type { ExecuteOptions } from "./execute";
import { readAllRows } from "./rows";

const lengthOf = (row: number): number => (row === 40 ? 11 : 1 + (row % 5));

const words = defineNode({
  type: "test.words",
  title: "Words",
  description: "Texts of 1 to 5 letters, and one of 11.",
  version: 1,
  inputs: {},
  outputs: { text: port.text({ shape: ["N"] }) },
  params: {},
  run: async () => ({ text: Array.from({ length: 50 }, (_, row) => "a".repeat(lengthOf(row))) }),
});

/** How many rows came at a time. */
const came: number[] = [];

const letters = defineNode({
  type: "test.letters",
  title: "Letters",
  description: "Letters as numbers, padded to the longest text, with their draws.",
  version: 1,
  inputs: { text: port.text({ shape: ["N"] }) },
  outputs: { ids: port.tensor({ dtype: "int64", shape: ["N", "T"] }) },
  params: { length: z.int().default(0) },
  rowwise: true,
  perBatch: true,
  async run({ host, inputs }) {
    came.push(inputs.text.length);
    const rows = inputs.text.map((text) => Array.from({ length: text.length }, () => 7));
    if (inputs.text.some((text) => text.length === 11)) host.warn("It has a long one.");
    return { ids: packRows(rows, { length: longestOf(rows, host), padding: 0, left: false }) };
  },
});

/** A picture's side for each letter. */
const side = 8;

const pictures = defineNode({
  type: "test.pictures",
  title: "Pictures",
  description: "Grey squares as large as texts are long, on a canvas as large as the largest.",
  version: 1,
  inputs: { text: port.text({ shape: ["N"] }) },
  outputs: { pixels: port.tensor({ dtype: "float32", shape: ["N", 3, "*", "*"] }) },
  params: {},
  rowwise: true,
  perBatch: true,
  async run({ host, inputs: { text } }) {
    came.push(text.length);
    const [most = 0] = host.commonSizes([Math.max(...text.map((each) => side * each.length))]);
    const data = new Float32Array(text.length * 3 * most * most);
    for (const [row, { length }] of text.entries()) {
      for (let y = 0; y < 3 * most; y++) {
        const start = (row * 3 * most + y) * most;
        if (y % most < side * length) data.fill((length + y) / 100, start, start + side * length);
      }
    }
    return { pixels: { dtype: "float32", shape: [text.length, 3, most, most], data } };
  },
});

const marked = defineNode({
  type: "test.marked",
  title: "Marked",
  description: "Some texts have a letter more, by chance.",
  version: 1,
  inputs: { text: port.text({ shape: ["N"] }) },
  outputs: { text: port.text({ shape: ["N"] }) },
  params: {},
  rowwise: true,
  random: true,
  async run({ host, inputs: { text } }) {
    const draw = host.random("marks");
    return { text: text.map((each) => each + "a".repeat(Math.floor(draw.uniform() * 20))) };
  },
});

/** 10 rows of 12 tokens with two numbers each; 5 of 128, where it is not known how long they are. */
const chunkBytes = 10 * 12 * 8;

const nodes = {
  ...registry,
  [words.type]: words,
  [letters.type]: letters,
  [pictures.type]: pictures,
  [marked.type]: marked,
};

const document = () =>
  graph(
    {
      words: ["test.words"],
      letters: ["test.letters"],
      trim: ["text.trim", { multiple: 4 }],
      table: ["model.token-embedding", { vocabulary: 8, width: 2 }],
    },
    ["words.text -> letters.text", "letters.ids -> trim.ids", "trim.ids -> table.ids"],
  );

async function run(dir: string, options: Partial<ExecuteOptions>, graphToRun = document()) {
  const result = await runDocument(graphToRun, dir, { registry: nodes, ...options });
  expect(result.error).toBeUndefined();
  const value = async (node: string, name: string) => {
    const stored = result.outputs[node]?.[name]?.value;
    return (await readAllRows("tensor", stored, openBlobs(join(dir, "blobs")))) as Tensor;
  };
  return { ...result, value };
}

it("pads rows of all chunks to the longest of all", async () => {
  came.length = 0;
  const chunked = await run(await temporaryFolder(), { targets: ["trim", "table"], chunkBytes });
  expect(Math.max(...came)).toBeLessThan(50);
  const whole = await run(await temporaryFolder(), { targets: ["trim", "table"] });
  expect(came.at(-1)).toBe(50);
  expect(await chunked.value("trim", "ids")).toEqual(await whole.value("trim", "ids"));
  expect(await chunked.value("table", "embeddings")).toEqual(await whole.value("table", "embeddings"));
  expect((await chunked.value("trim", "ids")).shape).toEqual([50, 11]);
});

it("cuts rows into chunks by the sizes that were found", async () => {
  came.length = 0;
  await run(await temporaryFolder(), { targets: ["table"], chunkBytes });
  const [guessed = 0, ...others] = came;
  expect(others.slice(0, 50 / guessed - 1)).toEqual(Array(50 / guessed - 1).fill(guessed));
  expect(Math.max(...came)).toBe(10); // of 12 tokens, each 8 bytes
});

it("warns once of a row, though it was looked at twice", async () => {
  const { events } = await run(await temporaryFolder(), { targets: ["table"], chunkBytes });
  const warnings = events.filter((event) => event.kind === "warning");
  expect(warnings.map((event) => event.kind === "warning" && event.message)).toEqual(["It has a long one."]);
});

it("pads what is drawn at random to the longest of the very draws", async () => {
  const drawn = graph({ words: ["test.words"], marked: ["test.marked"], letters: ["test.letters"] }, [
    "words.text -> marked.text",
    "marked.text -> letters.text",
  ]);
  const { value } = await run(await temporaryFolder(), { targets: ["letters"], chunkBytes: 8 * 128 * 5 }, drawn);
  const { shape, data } = await value("letters", "ids");
  const [rows = 0, length = 0] = shape;
  expect(rows).toBe(50);
  const last = Array.from({ length: rows }, (_, row) => Number(data[(row + 1) * length - 1]));
  expect(last).toContain(7); // the longest has no padding
});

it("takes as many rows that are padded to the largest through a model as fit, once sizes are known", async () => {
  const document = graph(
    { words: ["test.words"], pictures: ["test.pictures"], vision: ["model.hugging-face", tinyModel("convnext")] },
    ["words.text -> pictures.text", "pictures.pixels -> vision.pixel_values"],
  );
  const mostSide = 11 * side;
  const rowBytes = 3 * mostSide * mostSide * 4;
  came.length = 0;
  const options = { targets: ["vision"], folders: [tinyFolder] };
  const chunked = await run(await temporaryFolder(), { ...options, chunkBytes: 7 * rowBytes }, document);
  const [looked = 0] = came;
  const rest = came.slice(Math.ceil(50 / looked));
  expect(looked).toBeLessThan(50);
  expect(Math.max(...rest)).toBe(7);
  const whole = await run(await temporaryFolder(), options, document);
  expect(came.at(-1)).toBe(50);
  expect(await chunked.value("vision", "pooler_output")).toEqual(await whole.value("vision", "pooler_output"));
});
