import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { npyHeader } from "#models/files/npy-header";
import { random } from "#models/random";
import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import { loadValue } from "#server/runtime/values";
import { openBlobs } from "#server/storage/blobs";
import { graph, runDocument } from "#tests/kit/graphs";
import { floats, ids, runTensorNode, temporaryFolder } from "#tests/kit/run-node";
import type { Tensor } from "../core/values";
import { anyresPacker } from "./anyres-packer";
import { splice } from "./splice";

const place = -200;

it("packs each row of its own tiles, in a batch as alone", async () => {
  const features = floats([3, 4, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  const index = ids([3, 3, 2], [1, 1, -1, -1, 4, 5, -2, -2, -2, -2, -2, -2, 0, 1, -1, -1, -2, -2]);
  const shares = floats([3, 3, 2], [1, 0, 1, 0, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 0.25, 0.75, 1, 0, 0, 0]);
  const inputs = { features, counts: ids([3], [2, 0, 1]), index, shares };
  const weights = { image_newline: [70] };
  const { outputs, parameters } = await runTensorNode(anyresPacker, inputs, {}, { weights });
  expect(parameters).toEqual({ image_newline: [1] });
  const rows = [
    [2, 70, 5.5],
    [0, 0, 0],
    [9.75, 70, 0],
  ];
  expect([...(outputs.tokens?.data as Float32Array)]).toEqual(rows.flat());
});

it("refuses features with a class token, which are no square", async () => {
  const features = floats([1, 5, 1], [0, 1, 2, 3, 4]);
  const layout = { counts: ids([1], [1]), index: ids([1, 1, 1], [0]), shares: floats([1, 1, 1], [1]) };
  await expect(runTensorNode(anyresPacker, { features, ...layout })).rejects.toMatchObject({
    message: expect.stringContaining("a tile must have side² features, and has 5"),
    port: "features",
    hint: "Wire a tower's patches, which have no class token among them.",
  });
});

it("puts the tokens of each row in the places of its placeholder, in their order", async () => {
  const { outputs, types } = await runTensorNode(splice, {
    ids: ids([2, 4], [1, place, place, 2, place, 3, 4, 5]),
    embeddings: floats([2, 4, 1], [1, 2, 3, 4, 5, 6, 7, 8]),
    tokens: floats([2, 3, 1], [10, 20, 0, 30, 0, 0]),
  });
  expect(types.embeddings).toEqual([2, 4, 1]);
  expect([...(outputs.embeddings?.data as Float32Array)]).toEqual([1, 10, 20, 4, 30, 6, 7, 8]);
});

const sizes = { vocabulary: 560, width: 32, layers: 2, heads: 4, keyHeads: 2, hidden: 48 };

/** A folder with rows of ids and of features, and the graph that reads them: decoder behind Splice. */
async function reader(rows: readonly number[][], { tokens = 3, width = 32, generates = true } = {}) {
  const folder = await temporaryFolder();
  const length = Math.max(...rows.map((row) => row.length));
  const padded = rows.map((row) => [...Array<number>(length - row.length).fill(0), ...row]);
  const draw = random("features");
  const features = Float32Array.from({ length: rows.length * tokens * width }, () => draw.normal());
  const write = (name: string, dtype: "float32" | "int64", shape: number[], { buffer }: ArrayBufferView) =>
    writeFile(join(folder, `${name}.npy`), Buffer.concat([npyHeader(dtype, shape), new Uint8Array(buffer)]));
  const integers = (numbers: number[]) => BigInt64Array.from(numbers, BigInt);
  await write("ids", "int64", [rows.length, length], integers(padded.flat()));
  const mask = rows.flatMap((row) => Array.from({ length }, (_, i) => (i < length - row.length ? 0 : 1)));
  await write("mask", "int64", [rows.length, length], integers(mask));
  const positions = rows.flatMap((row) => Array.from({ length }, (_, i) => Math.max(0, i - length + row.length)));
  await write("positions", "int64", [rows.length, length], integers(positions));
  await write("features", "float32", [rows.length, tokens, width], features);
  const numbers = (name: string, as: string, row: number[]): [string, Record<string, unknown>] => [
    "data.tensors",
    { folder, files: `${name}.npy`, columns: [{ name, as, row }] },
  ];
  const document = graph(
    {
      corpus: ["text.input", { text: "a red boat on the lake" }],
      tokenizer: ["text.train-tokenizer", { vocabulary: 560 }],
      ids: numbers("ids", "int64", [length]),
      mask: numbers("mask", "int64", [length]),
      positions: numbers("positions", "int64", [length]),
      features: numbers("features", "float32", [tokens, width]),
      table: ["model.token-embedding", { vocabulary: 560, width: 32 }],
      splice: ["model.splice"],
      decoder: ["model.llm-decoder", sizes],
      ...(generates ? { generate: ["text.generate", { longest: 4 }] as [string, object] } : {}),
    } as never,
    [
      "corpus.text -> tokenizer.text",
      "ids.ids -> table.ids",
      "ids.ids -> splice.ids",
      "table.embeddings -> splice.embeddings",
      "features.features -> splice.tokens",
      "splice.embeddings -> decoder.embeddings",
      "mask.mask -> decoder.mask",
      "positions.positions -> decoder.positions",
      ...(generates ? ["decoder.logits -> generate.logits", "tokenizer.tokenizer -> generate.tokenizer"] : []),
    ],
  );
  return { folder, document };
}

async function valueOf({ folder, document }: { folder: string; document: GraphDocument }, node: string, port: string) {
  const dir = await temporaryFolder();
  const { outputs, error } = await runDocument(document, dir, { folders: [folder] });
  expect(error).toBeUndefined();
  return (await loadValue("tensor", outputs[node]?.[port]?.value as never, openBlobs(join(dir, "blobs")))) as Tensor;
}

/** The best next token of each row by its whole text, read anew. */
async function bestNext(rows: readonly number[][]): Promise<number[]> {
  const { shape, data } = await valueOf(await reader(rows, { generates: false }), "decoder", "logits");
  const [, length = 0, vocabulary = 0] = shape;
  return rows.map((_, row) => {
    const last = (row * length + length - 1) * vocabulary;
    const scores = Array.from(data.slice(last, last + vocabulary), Number);
    return scores.indexOf(Math.max(...scores));
  });
}

it("writes behind pictures what reading the whole text anew would, token by token", async () => {
  const prompts = [
    [5, place, place, place, 9, 12],
    [7, place, 300],
  ];
  const written = await valueOf(await reader(prompts), "generate", "tokens");
  expect(written.shape).toEqual([2, 4]);
  const rows = prompts.map((row) => [...row]);
  for (let step = 0; step < 4; step++) {
    for (const [row, token] of (await bestNext(rows)).entries()) rows[row]?.push(token);
  }
  expect(Array.from(written.data, Number)).toEqual(rows.flatMap((row) => row.slice(-4)));
});

it("tells of features of another width on the wire", async () => {
  const { document } = await reader([[1, place]], { width: 24 });
  const { problems } = check(document);
  expect(problems.map(({ message }) => message).join(" ")).toMatch(
    /splice\.tokens expects .* but features\.features gives/,
  );
});
