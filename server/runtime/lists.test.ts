import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { PlacedImage } from "#nodes/core/values";
import { temporaryFolder } from "#tests/kit/run-node";
import { openBlobs } from "../storage/blobs";
import { isStoredRows, readAllRows, readRows, takeStoredRows } from "./rows";
import { storeValue } from "./values";

const files = ["a", "b", "c"].map((name) => ({ path: `/data/${name}`, name, size: 10, mtimeMs: 1.5 }));
const address = (i: number): PlacedImage => {
  const file = files[i % 3] as (typeof files)[number];
  if (i % 3 === 0) return { file, name: file.name };
  return i % 3 === 1 ? { file, column: "image", row: i } : { file, start: i * 2 ** 32, length: 7, row: i };
};

describe("long lists", () => {
  it.each([
    ["text", Array.from({ length: 40_000 }, (_, i) => `text ${i}, größer`)],
    ["image", { files: Array.from({ length: 40_000 }, (_, i) => address(i)) }],
  ] as const)("of %ss are kept in chunks, and read by range and by row", async (type, value) => {
    const blobs = openBlobs(join(await temporaryFolder(), "blobs"));
    const stored = await storeValue(type, value, blobs);
    expect(isStoredRows(stored) && stored.chunks.length).toBe(3);
    expect(JSON.stringify(stored).length).toBeLessThan(1000);
    expect(await readAllRows(type, stored, blobs)).toEqual(value);
    const rows: readonly unknown[] = "files" in value ? value.files : value;
    const listOf = (read: unknown) => (type === "image" ? (read as { files: unknown[] }).files : read);
    expect(listOf(await readRows(type, stored, 16_380, 16_390, blobs))).toEqual(rows.slice(16_380, 16_390));
    expect(listOf(await takeStoredRows(type, stored, [39_999, 5, 20_000], blobs))).toEqual([
      rows[39_999],
      rows[5],
      rows[20_000],
    ]);
    expect(
      listOf(await readRows(type, { rows: 40_000, chunks: [{ rows: 40_000, value: stored }] }, 5, 6, blobs)),
    ).toEqual([rows[5]]);
  });
});
