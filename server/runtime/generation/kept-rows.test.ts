import { expect, it } from "vitest";
import type { Kept } from "#models/blocks/generation";
import type { Tensor } from "#nodes/core/values";
import { KeptRows } from "./kept-rows";

const kept = { input: "kept.0", heads: 2, width: 3, added: {} } as unknown as Kept;

/** Tokens of one row, each number of which says its place, head and number. */
const added = (first: number, count: number): Tensor => ({
  dtype: "float32",
  shape: [1, count, 6],
  data: Float32Array.from({ length: count * 6 }, (_, i) => (first + Math.floor(i / 6)) * 10 + (i % 6)),
});
const roomOf = (rows: KeptRows) => rows.read(0, 1)["kept.0"]?.shape[2];
/** The first number of the second head of a row's token. */
function numberAt(rows: KeptRows, row: number, token: number): number {
  const { data, shape } = rows.read(row, 1)["kept.0"] as Tensor;
  return Number(data[((shape[2] as number) + token) * 3]);
}

it("gives room for what is kept, and no more once long rows are gone", () => {
  const rows = new KeptRows([kept]);
  rows.add(0, [300], added(0, 300));
  rows.add(1, [5], added(1000, 5));
  expect(roomOf(rows)).toBe(320);
  rows.select([1]);
  expect([rows.lengths, roomOf(rows)]).toEqual([[5], 64]);
  expect(numberAt(rows, 0, 4)).toBe(10_043);
  rows.clear();
  expect(rows.bytes).toBe(0);
});

it("keeps what a row begins with when the rest of it is forgotten", () => {
  const rows = new KeptRows([kept]);
  rows.add(0, [200], added(0, 200));
  rows.truncate(0, 70);
  rows.shrink();
  expect(roomOf(rows)).toBe(128);
  rows.add(0, [1], added(500, 1));
  expect([numberAt(rows, 0, 69), numberAt(rows, 0, 70)]).toEqual([693, 5003]);
});
