import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, it } from "vitest";
import { openParquet } from "./parquet";
import { PackedPictures } from "./packed-pictures";
import { type ByteSource, pictureBytes, type TableFile } from "./table-file";

const sourceOf = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: async (start, end) => new Uint8Array(bytes.subarray(start, end)),
});

/** 300 pictures in structs with their paths, in pages of few of them; every seventh is missing, in one of two ways. */
function written(): Uint8Array {
  const bytes = (row: number) => Uint8Array.from({ length: 1 + ((row * 31) % 90) }, (_, i) => (row * 7 + i * i) % 256);
  const picture = (row: number) => {
    if (row % 14 === 0) return null;
    return { bytes: row % 7 === 0 ? null : bytes(row), path: `${row}.png` };
  };
  const buffer = parquetWriteBuffer({
    rowGroupSize: 120,
    pageSize: 1000,
    schema: [
      { name: "root", num_children: 1 },
      { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
    ],
    columnData: [{ name: "image", data: Array.from({ length: 300 }, (_, row) => picture(row)), offsetIndex: false }],
  });
  return new Uint8Array(buffer);
}

/** The pictures of each row as reading all of them gives them, and as their pieces do. */
async function bothOf(table: TableFile, column: string) {
  const [values = []] = await table.read([column], 0, table.rows);
  const pieces: (Uint8Array | undefined)[] = [];
  let unpacked = 0;
  for (let row = 0; row < table.rows; ) {
    const { start, end } = (await table.rangeOf?.(column, row)) ?? { start: row, end: row + 1 };
    expect(start).toBe(row);
    const piece = await table.unpack?.(column, row);
    if (piece) unpacked += end - start;
    const rows = piece ?? new PackedPictures(values.slice(start, end));
    for (; row < end; row++) pieces.push(rows.picture(row - start));
  }
  return { read: values.map((value) => pictureBytes(value)), pieces, unpacked };
}
const isEmpty = (bytes: Uint8Array | undefined) => !bytes?.length;
const listOf = (all: (Uint8Array | undefined)[]) => all.map((bytes) => (isEmpty(bytes) ? [] : [...(bytes ?? [])]));

it("finds the pictures of a page by their lengths, and those that are missing", async () => {
  const { read, pieces, unpacked } = await bothOf(await openParquet(sourceOf(written())), "image");
  expect(unpacked).toBe(300);
  expect(listOf(pieces)).toEqual(listOf(read));
  expect(read.filter(isEmpty).length).toBe(43);
});

const shared = join(import.meta.dirname, "../../tests/fixtures/lmm/datasets");
const files = readdirSync(shared, { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".parquet") && !name.includes("broken"),
);

it.each(files)("gives the pictures of %s as reading all rows does", async (name) => {
  const table = await openParquet(sourceOf(new Uint8Array(readFileSync(join(shared, name)))));
  for (const column of table.columns.filter(({ kind, isList }) => kind === "picture" && !isList)) {
    const { read, pieces, unpacked } = await bothOf(table, column.name);
    expect(unpacked).toBe(name.includes("plain") ? table.rows : 0); // of the others, values are numbers of a dictionary
    expect(listOf(pieces)).toEqual(listOf(read));
  }
});

it("holds lists of pictures, of which any may be missing", () => {
  const bytes = Uint8Array.from([1, 2, 3]);
  const rows = new PackedPictures([[{ bytes }, null, { bytes: bytes.subarray(1) }], [], null, bytes]);
  expect([rows.picture(0, 0), rows.picture(0, 2)].map((found) => [...(found ?? [])])).toEqual([
    [1, 2, 3],
    [2, 3],
  ]);
  expect([rows.picture(0, 1), rows.picture(2)].map(isEmpty)).toEqual([true, true]);
  expect([rows.picture(0, 3), rows.picture(1)]).toEqual([undefined, undefined]);
  expect([...(rows.picture(3) ?? [])]).toEqual([1, 2, 3]);
});
