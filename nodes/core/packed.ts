/** Packed values: rows that have any number of items each. docs/values.md says what they are. */
import type { ImageBatch, Tensor } from "./values";

/** How many items a value has: what its first axis counts. */
export function itemCount(value: Tensor | ImageBatch): number {
  if ("files" in value) return value.files.length;
  return ("pixels" in value ? value.pixels : value).shape[0] ?? 0;
}

/** How many items each row has: one where the value is not packed. */
export function countsOf(value: Tensor | ImageBatch): readonly number[] {
  return value.counts ?? Array<number>(itemCount(value)).fill(1);
}

const known = new WeakMap<readonly number[], Float64Array>();

/** Where the items of each row begin, and behind the last one how many items there are. */
export function startsOf(counts: readonly number[]): Float64Array {
  const before = known.get(counts);
  if (before) return before;
  const starts = new Float64Array(counts.length + 1);
  for (const [row, count] of counts.entries()) starts[row + 1] = (starts[row] as number) + count;
  known.set(counts, starts);
  return starts;
}

/** The row that an item belongs to; without counts each is a row. */
export function rowOfItem(counts: readonly number[] | undefined, item: number): number {
  if (!counts) return item;
  const row = startsOf(counts).findIndex((start) => start > item) - 1;
  return row < 0 ? counts.length : row;
}

/** The numbers of the items that some rows have, in the order of the rows. */
export function itemsOfRows(counts: readonly number[], rows: ArrayLike<number>): number[] {
  const starts = startsOf(counts);
  return Array.from(rows).flatMap((row) =>
    Array.from({ length: counts[row] ?? 0 }, (_, i) => (starts[row] as number) + i),
  );
}

/** The counts of some rows. */
export const countsOfRows = (counts: readonly number[], rows: ArrayLike<number>): number[] =>
  Array.from(rows, (row) => counts[row] as number);

/** Whether rows have the same numbers of items. */
export const areSameCounts = (one: readonly number[], other: readonly number[]): boolean =>
  one === other || (one.length === other.length && one.every((count, row) => count === other[row]));
