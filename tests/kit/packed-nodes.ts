/**
 * Nodes for tests of packed values: rows whose number of tiles differs, a model on tiles, and what puts them together.
 */
import * as z from "zod";
import { linear } from "#models/blocks/builder";
import { defineNode } from "#nodes/core/node";
import { port } from "#nodes/core/ports";
import { registry } from "#nodes/registry.gen";

/** How many tiles a row has: 0 up to 3. */
export const tilesOf = (row: number): number => (row * 7 + 1) % 4;
/** The side of a tile. */
const side = 4;
/** Tokens that the encoder makes of a tile, and most that a row has. */
const tileTokens = 2;
const longest = 8;

const numbers = defineNode({
  type: "test.numbers",
  title: "Numbers",
  description: "The numbers of rows.",
  version: 1,
  inputs: {},
  outputs: { number: port.tensor({ dtype: "float32", shape: ["N", 1] }) },
  params: { rows: z.int().default(20) },
  async run({ params: { rows } }) {
    return { number: { dtype: "float32", shape: [rows, 1], data: Float32Array.from({ length: rows }, (_, i) => i) } };
  },
});

const tiles = defineNode({
  type: "test.tiles",
  title: "Tiles",
  description: "Pictures of each number, any number of them, and where each token of a row lies among its own.",
  version: 1,
  inputs: { number: port.tensor({ dtype: "float32", shape: ["N", 1] }) },
  outputs: {
    image: port.image({ shape: ["P", side, side], packed: "N" }),
    counts: port.tensor({ dtype: "int64", shape: ["N"] }),
    index: port.tensor({ dtype: "int64", shape: ["N", "V"] }),
  },
  params: { length: z.int().default(longest).meta({ description: "0: as long as the longest row of a batch." }) },
  ports: ({ length }) => ({ perBatch: length === 0 }),
  rowwise: true,
  async run({ inputs: { number }, params }) {
    const rows = Array.from(number.data, Number);
    const counts = rows.map(tilesOf);
    const pixels = rows.flatMap((row) =>
      Array.from({ length: tilesOf(row) * side * side * 3 }, (_, i) => (row * 31 + i * i * 17 + i) % 256),
    );
    const length = params.length || Math.max(0, ...counts) * tileTokens + 1;
    const items = pixels.length / (side * side * 3);
    // The tokens of a row's tiles, then the end of the line, then nothing.
    const index = counts.flatMap((count) =>
      Array.from({ length }, (_, i) => {
        if (i < count * tileTokens) return BigInt(i);
        return i === count * tileTokens ? -1n : -2n;
      }),
    );
    return {
      image: {
        pixels: { dtype: "uint8", shape: [items, side, side, 3], data: Uint8Array.from(pixels) },
        counts,
      },
      counts: { dtype: "int64", shape: [rows.length], data: BigInt64Array.from(counts, BigInt) },
      index: { dtype: "int64", shape: [rows.length, length], data: BigInt64Array.from(index) },
    };
  },
});

const encoder = defineNode({
  type: "test.encoder",
  title: "Encoder",
  description: "Two tokens of each picture.",
  version: 1,
  inputs: { pixels: port.tensor({ dtype: "float32", shape: ["N", 3, side, side] }) },
  outputs: { tokens: port.tensor({ dtype: "float32", shape: ["N", tileTokens, 8] }) },
  params: { scope: z.string().default("encoder") },
  build(builder) {
    const { op, inputs } = builder;
    const [rows = 0] = inputs.pixels.shape;
    const flat = op.Reshape(inputs.pixels, { to: [rows, tileTokens, (3 * side * side) / tileTokens] });
    return { tokens: op.Tanh(linear(builder, "proj", flat, 8)) };
  },
});

const packer = defineNode({
  type: "test.packer",
  title: "Packer",
  description: "The tokens of each row.",
  version: 1,
  inputs: {
    features: port.tensor({ dtype: "float32", shape: ["P", "T", "D"], packed: "N" }),
    counts: port.tensor({ dtype: "int64", shape: ["N"] }),
    index: port.tensor({ dtype: "int64", shape: ["N", "V"] }),
  },
  outputs: { tokens: port.tensor({ dtype: "float32", shape: ["N", "V", "D"] }) },
  params: { scope: z.string().default("packer") },
  build(builder) {
    const { op, graph, inputs } = builder;
    const { features, counts, index } = inputs;
    const [items = 0, tokens, width] = features.shape as [number | string, number, number];
    const [rows = 0] = index.shape;
    const int = (x: number) => graph.keep("int64", [1], BigInt64Array.of(BigInt(x)));
    const starts = op.Mul(op.CumSum(counts, { along: 0, exclusive: 1 }), int(tokens));
    const own = op.Add(op.Add(index, int(2)), op.Reshape(starts, { to: [rows, 1] }));
    const other = op.Where(op.Equal(index, int(-1)), int(0), int(1));
    const place = op.Where(op.Less(index, int(0)), other, own);
    const newline = builder.weight("newline", [1, width], { kind: "normal", std: 1 });
    const nothing = graph.constant(Array<number>(width).fill(0), "float32", [1, width]);
    const flat = op.Reshape(op.Add(features, builder.weight("shift", [width], { kind: "zeros" })), {
      to: [typeof items === "number" ? items * tokens : `${tokens}·${items}`, width],
    });
    return { tokens: op.Gather(op.Concat(newline, nothing, flat, { axis: 0 }), place, { axis: 0 }) };
  },
});

const loss = defineNode({
  type: "test.loss",
  title: "Loss",
  description: "How far tokens are from a half.",
  version: 1,
  inputs: { tokens: port.tensor({ dtype: "float32", shape: ["N", "V", "D"] }) },
  outputs: { loss: port.tensor({ dtype: "float32", shape: [] }) },
  params: {},
  build({ op, inputs, constant }) {
    const distance = op.Sub(inputs.tokens, constant([0.5]));
    return { loss: op.ReduceMean(op.Mul(distance, distance), { axes: [0, 1, 2], keepdims: 0 }) };
  },
});

const mean = defineNode({
  type: "test.mean",
  title: "Mean",
  description: "The mean of all tokens, rows added up one after the other.",
  version: 1,
  inputs: { tokens: port.tensor({ dtype: "float32", shape: ["N", "V", "D"] }) },
  outputs: { mean: port.number() },
  params: {},
  reduce: {
    rows: ["tokens"],
    start() {
      let sum = 0;
      let count = 0;
      return {
        add({ tokens }) {
          for (const x of tokens.data) sum += Number(x);
          count += tokens.data.length;
        },
        finish: () => ({ mean: sum / count }),
      };
    },
  },
});

const otherCounts = defineNode({
  type: "test.other-counts",
  title: "Other counts",
  description: "One more for the third row.",
  version: 1,
  inputs: { counts: port.tensor({ dtype: "int64", shape: ["N"] }) },
  outputs: { counts: port.tensor({ dtype: "int64", shape: ["N"] }) },
  params: {},
  rowwise: true,
  run: async ({ inputs: { counts } }) => ({
    counts: { ...counts, data: BigInt64Array.from(counts.data as BigInt64Array, (n, i) => (i === 2 ? n + 1n : n)) },
  }),
});

const nodes = [otherCounts, numbers, tiles, encoder, packer, loss, mean];
export const packedRegistry = { ...registry, ...Object.fromEntries(nodes.map((node) => [node.type, node])) };
