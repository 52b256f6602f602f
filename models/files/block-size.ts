/** How many rows of a table are read at once: fewer where their values are long. */
import type { TableFile } from "./table-file";

const most = { rows: 2 ** 14, characters: 2 ** 22 };
/** Before anything is known of a table's values. */
const firstRows = 512;

export class BlockSize {
  #rows = firstRows;

  constructor(readonly table: TableFile) {}

  /** Up to which row is read from `start` on; a piece that is unpacked as a whole is read to its end. */
  async endFrom(start: number, column: string | undefined): Promise<number> {
    const { table } = this;
    const range = column === undefined ? undefined : await table.rangeOf?.(column, start).catch(() => undefined);
    return Math.min(table.rows, start + most.rows, Math.max(start + this.#rows, range?.end ?? 0));
  }

  /** Takes in what was read, column by column: the rows behind it are taken to be as long. */
  met(values: readonly (readonly unknown[])[]): void {
    const rows = values[0]?.length ?? 0;
    const characters = values.reduce((sum, column) => sum + sizeOf(column), 0);
    const fitting = Math.floor((rows * most.characters) / Math.max(1, characters));
    this.#rows = Math.max(1, Math.min(most.rows, this.#rows * 8, fitting));
  }
}

/** What is nested deeper than this is not looked into. */
const deepest = 16;

/** About how many characters or bytes a value has. */
function sizeOf(value: unknown, depth = 0): number {
  if (typeof value === "string" || value instanceof Uint8Array) return value.length;
  if (typeof value !== "object" || value === null || depth > deepest) return 1;
  const items: unknown[] = Array.isArray(value) ? value : Object.values(value);
  return items.reduce((sum: number, item) => sum + sizeOf(item, depth + 1), 0);
}
