/** A column of a data set: where it is too long to be held, its rows are kept block by block as they are read. */
import type { Host } from "./host";
import type { PortValue } from "./values";

/** A column that is filled row by row, in the order of the rows. */
export interface FilledColumn {
  /** Takes a value in, and gives what is wrong with it. */
  set(place: number, value: unknown): string | undefined;
  /** How many characters of texts it holds. */
  characters?(): number;
  /** What it holds at some places, or at all. */
  value(kept?: Uint32Array): PortValue["text" | "tensor"];
}

/** Columns of fewer rows and characters than a block has are held. */
const blockRows = 2 ** 14;

/** A block of long texts has fewer rows. */
const blockCharacters = 2 ** 22;

/** A column of `count` rows, in blocks where it is long, each of them a column as `columnOf` makes it. */
export function growingColumn(
  host: Host,
  type: "text" | "tensor",
  count: number,
  columnOf: (rows: number) => FilledColumn,
) {
  const rows = host.growRows(type);
  let first = 0;
  let block = columnOf(Math.min(blockRows, count));
  let keeping: Promise<void> = Promise.resolve();
  const keepBlock = (end = Math.min(first + blockRows, count)) => {
    const value = block.value(Uint32Array.from({ length: end - first }, (_, i) => i));
    keeping = keeping.then(() => rows.add(value));
    keeping.catch(() => {}); // whoever asks for the rows is told
    first = end;
    block = columnOf(Math.min(blockRows, count - first));
  };
  return {
    set(place: number, value: unknown): string | undefined {
      while (place >= first + blockRows) keepBlock();
      const wrong = block.set(place - first, value);
      if ((block.characters?.() ?? 0) > blockCharacters) keepBlock(place + 1);
      return wrong;
    },
    /** Waits until what was taken in is kept. */
    keepUp: () => keeping,
    async value(kept?: Uint32Array): Promise<PortValue["text" | "tensor"]> {
      if (first === 0 && count <= blockRows) return block.value(kept);
      while (first < count) keepBlock();
      await keeping;
      return rows.finish(kept);
    },
  };
}
