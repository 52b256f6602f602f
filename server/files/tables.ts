/** Tables of data sets in folders that may be read: opened once, and read where they lie. */
import { openTable } from "#models/files/open-table";
import { type KeepIndex, TableError, type TableFile } from "#models/files/table-file";
import type { SourceFile } from "#nodes/core/values";
import { Failure } from "../errors";
import type { Folders } from "./folders";
import { RecentlyUsed } from "./recently-used";

export interface Tables {
  /** Opens a table by its name's ending. Throws a Failure that names the file. */
  open(file: SourceFile): Promise<TableFile>;
  /** One value; those that lie in one compressed piece with it are at hand afterwards. */
  value(file: SourceFile, column: string, row: number): Promise<unknown>;
}

/** Keeps what was made of a file's bytes, under a name that says of which file. */
export type KeepFor = (file: SourceFile) => KeepIndex;

/** Tables whose places are known; their files are not held open. */
const opened = new RecentlyUsed<Promise<TableFile>>(256);
/** Pieces of columns that were unpacked, up to so many bytes. Rows are drawn as they lie, so that few are enough. */
const pieces = new RecentlyUsed<Promise<unknown[]>>(24 * 2 ** 20);
/** What a view of bytes takes beside them. */
const viewBytes = 160;

export function openTables(folders: Folders, keepFor: KeepFor): Tables {
  async function open(file: SourceFile): Promise<TableFile> {
    const name = identityOf(file);
    await folders.check(file);
    const known = opened.get(name);
    if (known) return known;
    const table = withFileName(file, () => openTable(file.name, folders.open(file), keepFor(file)));
    opened.set(name, table, 1);
    table.catch(() => opened.delete(name));
    return table;
  }
  return {
    open,
    async value(file, column, row) {
      const table = await open(file);
      return withFileName(file, async () => {
        const range = (await table.rangeOf?.(column, row)) ?? { start: row, end: row + 1 };
        const values = await pieceOf(table, file, column, range);
        return values[row - range.start];
      });
    },
  };
}

async function pieceOf(
  table: TableFile,
  file: SourceFile,
  column: string,
  { start, end }: { start: number; end: number },
): Promise<unknown[]> {
  if (end - start === 1) return (await table.read([column], start, end))[0] ?? [];
  const name = JSON.stringify([identityOf(file), column, start]);
  const known = pieces.get(name);
  if (known) return known;
  const piece = table.read([column], start, end).then(([values = []]) => values);
  pieces.set(name, piece, 0);
  try {
    pieces.set(name, piece, weightOf(await piece));
  } catch (error) {
    pieces.delete(name);
    throw error;
  }
  return piece;
}

/** About how many bytes values take. */
function weightOf(value: unknown): number {
  if (value instanceof Uint8Array) return value.byteLength + viewBytes;
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + 16 + weightOf(item), 0);
  if (typeof value !== "object" || value === null) return 8;
  return Object.values(value).reduce((sum: number, part) => sum + 16 + weightOf(part), 0);
}

const identityOf = ({ path, size, mtimeMs }: SourceFile): string => JSON.stringify([path, size, mtimeMs]);

/** Says which file it is that cannot be read. */
export async function withFileName<T>(file: SourceFile, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    const { message, hint } = error;
    throw new Failure({ message: `“${file.name}” cannot be read. ${capital(message)}`, hint }, { cause: error });
  }
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
