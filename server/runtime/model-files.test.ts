import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import { temporaryFolder } from "#tests/kit/run-node";
import { openBlobs } from "../storage/blobs";
import { openFiles } from "./sessions";

/** −2, −1, 0, 1, 2, 4: numbers that every floating-point type holds exactly. */
const numbers = [-2, -1, 0, 1, 2, 4];
const stored: Record<string, Uint8Array> = {
  F64: new Uint8Array(Float64Array.from(numbers).buffer),
  F32: new Uint8Array(Float32Array.from(numbers).buffer),
  F16: new Uint8Array(Uint16Array.of(0xc000, 0xbc00, 0, 0x3c00, 0x4000, 0x4400).buffer),
  BF16: new Uint8Array(Uint16Array.of(0xc000, 0xbf80, 0, 0x3f80, 0x4000, 0x4080).buffer),
  F8_E4M3: Uint8Array.of(0xc0, 0xb8, 0, 0x38, 0x40, 0x48),
  F8_E5M2: Uint8Array.of(0xc0, 0xbc, 0, 0x3c, 0x40, 0x44),
};

/** x + w, with w of six numbers. */
function sumGraph(): Graph {
  const graph = new Graph();
  const w = graph.parameter("w", [6], { kind: "zeros" });
  graph.output("y", opsOf(graph).Add(graph.input("x", "float32", [6]), w));
  return graph;
}

it.each(Object.entries(stored))("reads %s weights from where they lie in a blob", async (dtype, bytes) => {
  const blobs = openBlobs(await temporaryFolder());
  const offset = 3; // a header of any length may come first
  const ref = await blobs.put(Buffer.concat([Buffer.alloc(offset), bytes]));
  const values = () => ({ location: ref, dtype, offset, bytes: bytes.length });
  const model = toModel(sumGraph(), { parameters: "initializers", values });
  const session = await openFiles({ model, refs: [ref], weightBytes: 24 }, blobs, "cpu");
  expect(await readdir(join(blobs.root, "tmp"))).toEqual([]);
  const { y } = await session.run({ x: { dtype: "float32", shape: [6], data: new Float32Array(6).fill(10) } });
  expect([...(y?.data as Float32Array)]).toEqual(numbers.map((n) => n + 10));
  await session.release();
});

it("names a parameter that is stored as no floating-point number", () => {
  const values = () => ({ location: "w", dtype: "I64", offset: 0, bytes: 48 });
  expect(() => toModel(sumGraph(), { parameters: "initializers", values })).toThrow(
    "the parameter w is stored as I64, which holds no floating-point numbers",
  );
});
