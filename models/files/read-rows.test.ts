import { expect, it } from "vitest";
import { fittingRows } from "./choose-rows";
import { readRows } from "./read-rows";
import type { TableFile } from "./table-file";

const rows = 3000;

/** A table whose texts have so many letters, with the most that were read of it at once. */
function tableOf(letters: number, piece?: number) {
  const most = { rows: 0, letters: 0 };
  const table: TableFile = {
    rows,
    columns: [{ name: "text", kind: "text" }],
    async read(_, start, end) {
      most.rows = Math.max(most.rows, end - start);
      most.letters = Math.max(most.letters, (end - start) * letters);
      return [Array.from({ length: end - start }, (_, i) => `${start + i} `.padEnd(letters, "."))];
    },
    ...(piece && {
      rangeOf: async (_: string, row: number) => {
        const start = row - (row % piece);
        return { start, end: Math.min(rows, start + piece) };
      },
    }),
  };
  return { table, most };
}

async function numbersIn(table: TableFile): Promise<number[]> {
  const met: number[] = [];
  await readRows(table, ["text"], {
    tolerant: false,
    meet: (_, [text]) => met.push(Number.parseInt(String(text), 10)),
  });
  return met;
}
const all = Array.from({ length: rows }, (_, i) => i);

it("reads few of long rows at once, and many of short ones", async () => {
  const [long, short] = [tableOf(50_000), tableOf(10)];
  expect(await numbersIn(long.table)).toEqual(all);
  expect(long.most.letters).toBeLessThanOrEqual(512 * 50_000);
  expect(await numbersIn(short.table)).toEqual(all);
  expect(short.most.rows).toBeGreaterThan(2000);
});

it("reads what is unpacked together at once, however long it is", async () => {
  const { table, most } = tableOf(50_000, 1000);
  expect(await numbersIn(table)).toEqual(all);
  expect(most.rows).toBe(1000);
});

it("looks through long rows in the same way", async () => {
  const { table, most } = tableOf(50_000);
  const found = await fittingRows(table, [{ column: "text", is: "contains", value: "2999 " }]);
  expect([...(found ?? [])]).toEqual([2999]);
  expect(most.letters).toBeLessThanOrEqual(512 * 50_000);
});
