import { join } from "node:path";
import { expect, it } from "vitest";
import { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { temporaryFolder } from "#tests/kit/run-node";
import { openBlobs } from "../../storage/blobs";
import { frozenRows } from "./frozen-rows";

it("reads the same rows from their file as from memory", async () => {
  const first = new Graph();
  const op = opsOf(first);
  const rows = 150;
  const dir = await temporaryFolder();
  const told: number[] = [];
  const x = first.input("x", "float32", ["batch", 3]);
  first.output("double", op.Mul(x, first.constant([2])));
  first.output("half", op.Cast(x, { dtype: "float16" }));
  const read = async (inMemory: number) => {
    const frozen = await frozenRows({
      halves: { first, second: new Graph(), boundary: [] },
      rows,
      inMemory,
      blobs: openBlobs(join(dir, "blobs")),
      cacheDir: dir,
      provider: "cpu",
      signal: new AbortController().signal,
      draw: async (wanted) => {
        const data = Float32Array.from({ length: wanted.length * 3 }, (_, i) => (wanted[0] as number) * 3 + i);
        return new Map([["x", { dtype: "float32", shape: [wanted.length, 3], data }]]);
      },
      signatureOf: () => "rows",
      valueOf: () => new Float32Array(),
      progress: (done) => told.push(done),
    });
    const tensors = frozen.read(Uint32Array.of(149, 0, 64));
    frozen.close();
    return tensors;
  };
  const fromMemory = await read(2 ** 20);
  const fromFile = await read(0);
  expect(fromFile).toEqual(fromMemory);
  expect(fromFile.get("double")).toEqual({
    dtype: "float32",
    shape: [3, 3],
    data: Float32Array.of(894, 896, 898, 0, 2, 4, 384, 386, 388),
  });
  expect(fromFile.get("half")?.shape).toEqual([3, 3]);
  expect(told).toEqual([64, 128, 150]); // the second time nothing was computed
});
