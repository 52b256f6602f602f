import type { Dim } from "#models/onnx/graph";

/** A number of rows, or of items, that is known and yet may come chunk by chunk: "16 rows". */
export const rowsText = (count: number, what: "rows" | "items"): string => `${count} ${what}`;

/** The number of a size that is such; nothing for every other size. */
export function countIn(size: Dim | undefined): number | undefined {
  const found = typeof size === "string" ? /^(\d+) (?:rows|items)$/.exec(size)?.[1] : undefined;
  return found === undefined ? undefined : Number(found);
}
