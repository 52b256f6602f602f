import { describe, expect, it } from "vitest";
import type { StoredOutputs } from "../storage/stored-rows";
import { openBlobs } from "../storage/blobs";
import { storeTextList, storeTexts } from "../runtime/lists";
import { storeValue } from "../runtime/values";
import type { Db } from "../db";
import { floats, ids, temporaryFolder } from "#tests/kit/run-node";
import { storedSlice } from "./stored-slice";
import { storedTable } from "./stored-table";

const store = openBlobs(await temporaryFolder());
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

/** A database of one run, which gave these outputs. */
const dbOf = (outputs: Record<string, StoredOutputs>) =>
  ({ run: { findUnique: async () => ({ result: { outputs } }) } }) as unknown as Db;

describe("a table of what a run gave", () => {
  it("reads any rows of 100,000 texts and numbers, and says how many there are", async () => {
    const texts = numbers(100_000).map((i) => `text ${i}`);
    const value = await storeTexts(texts, store);
    const tensor = await storeValue("tensor", ids([100_000], numbers(100_000)), store);
    const outputs: StoredOutputs = {
      text: { type: "text", value },
      id: { type: "tensor", value: tensor },
      few: { type: "text", value: ["one"] },
    };
    const db = dbOf({ data: outputs });
    const table = await storedTable(db, store, { run: "r", node: "data", from: 16_380, count: 10 });
    expect([table?.total, table?.columns.map(({ port }) => port)]).toEqual([100_000, ["text", "id"]]);
    expect(table?.columns[0]?.cells).toEqual(texts.slice(16_380, 16_390));
    expect(table?.columns[1]?.cells).toEqual(numbers(10).map((i) => [16_380 + i]));
    const end = await storedTable(db, store, { run: "r", node: "data", from: 99_995, count: 200 });
    expect(end?.columns[0]?.cells).toHaveLength(5);
    expect(await storedTable(db, store, { run: "r", node: "other", from: 0, count: 1 })).toBeUndefined();
  });

  it("shows the first numbers of wide rows, and reads no others", async () => {
    const wide = await storeValue("tensor", floats([3, 1000], numbers(3000)), store);
    let bytes = 0;
    const counting = {
      ...store,
      read: (ref: string, start: number, end: number) => {
        bytes += end - start;
        return store.read(ref, start, end);
      },
    };
    const db = dbOf({ n: { t: { type: "tensor", value: wide } } });
    const table = await storedTable(db, counting, { run: "r", node: "n", from: 1, count: 2 });
    const cells = [1000, 2000].map((first) => numbers(8).map((i) => first + i));
    expect(table?.columns).toEqual([{ port: "t", type: "tensor", width: 1000, cells }]);
    expect(bytes).toBe(2 * 8 * 4);
  });
});

describe("a slice of a tensor", () => {
  const tensor = floats([2, 3, 4], numbers(24));
  const sliceOf = async (value: unknown, place: number[], axes: [number, number]) =>
    storedSlice(dbOf({ n: { t: { type: "tensor", value } } }), store, { run: "r", node: "n", port: "t", place, axes });

  it("has two axes, at a place of the others", async () => {
    const value = await storeValue("tensor", tensor, store);
    expect(await sliceOf(value, [1, 1, 2], [1, 2])).toEqual({
      dtype: "float32",
      shape: [2, 3, 4],
      size: [2, 2],
      numbers: [18, 19, 22, 23],
    });
    expect((await sliceOf(value, [0, 2, 3], [2, 0]))?.numbers).toEqual([11, 23]);
  });

  it("is read across the chunks that the tensor came in", async () => {
    const chunk = async (first: number) => ({
      rows: 1,
      value: await storeValue(
        "tensor",
        floats(
          [1, 3, 4],
          numbers(12).map((i) => first + i),
        ),
        store,
      ),
    });
    const value = { rows: 2, chunks: [await chunk(0), await chunk(12)] };
    expect((await sliceOf(value, [0, 1, 0], [0, 2]))?.numbers).toEqual([4, 5, 6, 7, 16, 17, 18, 19]);
  });

  it("moves a place that is outside inside, and gives nothing of what is no tensor", async () => {
    const value = await storeValue("tensor", ids([3], [7, 8, 9]), store);
    expect(await sliceOf(value, [99], [1, 0])).toMatchObject({ size: [1, 1], numbers: [9] });
    const texts = dbOf({ n: { t: { type: "text", value: await storeTextList(["a"], store) } } });
    const query = { run: "r", node: "n", port: "t", place: [0], axes: [0, 1] as const };
    expect(await storedSlice(texts, store, query)).toBeUndefined();
  });
});
