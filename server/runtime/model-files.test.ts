import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import type { Lowered } from "#nodes/graph/lower";
import { temporaryFolder } from "#tests/kit/run-node";
import { openBlobs } from "../storage/blobs";
import { identityOf, locationOf, storedModel } from "./model-files";
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
  F8_E4M3FNUZ: Uint8Array.of(0xc8, 0xc0, 0, 0x40, 0x48, 0x50),
  F8_E5M2FNUZ: Uint8Array.of(0xc4, 0xc0, 0, 0x40, 0x44, 0x48),
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
  const values = () => ({ location: locationOf(blobs.path(ref)), dtype, offset, bytes: bytes.length });
  const model = toModel(sumGraph(), { parameters: "initializers", values });
  const session = await openFiles({ model, refs: [ref], weightBytes: 24 }, blobs, "cpu");
  const { y } = await session.run({ x: { dtype: "float32", shape: [6], data: new Float32Array(6).fill(10) } });
  expect([...(y?.data as Float32Array)]).toEqual(numbers.map((n) => n + 10));
  await session.release();
});

it.each(["F64", "F16", "BF16", "F8_E4M3"])("takes rows of a table of %s and converts those alone", async (dtype) => {
  const blobs = openBlobs(await temporaryFolder());
  const bytes = stored[dtype] as Uint8Array;
  const ref = await blobs.put(Buffer.from(bytes));
  const graph = new Graph();
  const op = opsOf(graph);
  const table = graph.parameter("table", [3, 2], { kind: "zeros" });
  const rows = op.Gather(table, graph.input("i", "int64", [2]), { axis: 0 });
  graph.output("rows", rows);
  const values = () => ({ location: locationOf(blobs.path(ref)), dtype, offset: 0, bytes: bytes.length });
  const model = toModel(graph, { parameters: "initializers", values });
  const ops = fromBinary(ModelProtoSchema, model).graph?.node.map(({ opType }) => opType);
  expect(ops).toEqual(dtype.startsWith("F8") ? ["Cast", "Gather"] : ["Gather", "Cast"]);
  const session = await openFiles({ model, refs: [ref], weightBytes: 24 }, blobs, "cpu");
  const given = await session.run({ i: { dtype: "int64", shape: [2], data: BigInt64Array.of(2n, 0n) } });
  expect([...(given.rows?.data as Float32Array)]).toEqual([2, 4, -2, -1]);
  await session.release();
  // What reads all of it needs all of it.
  graph.output("sum", op.ReduceSum(table, { keepdims: 0 }));
  const both = fromBinary(ModelProtoSchema, toModel(graph, { parameters: "initializers", values }));
  expect(both.graph?.node[0]?.opType).toBe("Cast");
});

it("reads drawn weights from a file where they are many", async () => {
  const blobs = openBlobs(await temporaryFolder());
  const graph = new Graph();
  const rows = 2 ** 22 + 1; // one row more than is written into the model
  const table = graph.parameter("table", [rows, 4], { kind: "zeros" });
  const bias = graph.parameter("bias", [4], { kind: "zeros" });
  const op = opsOf(graph);
  graph.output("y", op.Add(op.Gather(table, graph.input("i", "int64", [2]), { axis: 0 }), bias));
  const sources = new Map([
    ["table", Float32Array.from({ length: rows * 4 }, (_, i) => i)],
    ["bias", Float32Array.of(0.5, 0.5, 0.5, 0.5)],
  ]);
  const files = storedModel({ graph } as Lowered, sources, blobs);
  expect(files.model.length).toBeLessThan(2000);
  const session = await openFiles(files, blobs, "cpu");
  expect(await readdir(join(blobs.root, "tmp"))).toEqual([]);
  const { y } = await session.run({ i: { dtype: "int64", shape: [2], data: BigInt64Array.of(1n, 3n) } });
  expect([...(y?.data as Float32Array)]).toEqual([4, 5, 6, 7, 12, 13, 14, 15].map((n) => n + 0.5));
  const before = identityOf(files);
  sources.get("bias")?.fill(1);
  expect(identityOf(storedModel({ graph } as Lowered, sources, blobs))).not.toBe(before);
  await session.release();
});

it("names a parameter that is stored as no floating-point number", () => {
  const values = () => ({ location: "w", dtype: "I64", offset: 0, bytes: 48 });
  expect(() => toModel(sumGraph(), { parameters: "initializers", values })).toThrow(
    "the parameter w is stored as I64, which holds no floating-point numbers",
  );
});
