/** Tables of data sets in folders that may be read: opened once, and read where they lie. */
import { openTable } from "#models/files/open-table";
import { PackedPictures } from "#models/files/packed-pictures";
import { type KeepIndex, type PictureRows, TableError, type TableFile } from "#models/files/table-file";
import type { SourceFile } from "#nodes/core/values";
import { Failure } from "../errors";
import type { Folders } from "./folders";
import { RecentlyUsed } from "./recently-used";

export interface Tables {
  /** Opens a table by its name's ending. Throws a Failure that names the file. */
  open(file: SourceFile): Promise<TableFile>;
  /**
   * The bytes of a picture, of one of a list where `item` says which; nothing where there is none. Those that lie in
   * one compressed piece with it are at hand afterwards.
   */
  picture(file: SourceFile, column: string, row: number, item?: number): Promise<Uint8Array | undefined>;
}

/** Keeps what was made of a file's bytes, under a name that says of which file. */
export type KeepFor = (file: SourceFile) => KeepIndex;

/** Tables whose places are known; their files are not held open. */
const opened = new RecentlyUsed<Promise<TableFile>>(256);
/** Pieces of columns that were unpacked, up to so many bytes. Rows are drawn as they lie, so that few are enough. */
const pieces = new RecentlyUsed<Promise<PictureRows>>(24 * 2 ** 20);

export function openTables(folders: Folders, keepFor: KeepFor): Tables {
  /** Of the file as it was when it was found: what is read of it is checked as it is read. */
  function tableOf(file: SourceFile): Promise<TableFile> {
    const name = identityOf(file);
    const known = opened.get(name);
    if (known) return known;
    const table = withFileName(file, () => openTable(file.name, folders.open(file), keepFor(file)));
    opened.set(name, table, 1);
    table.catch(() => opened.delete(name));
    return table;
  }
  return {
    async open(file) {
      await folders.check(file);
      return tableOf(file);
    },
    async picture(file, column, row, item) {
      const table = await tableOf(file);
      return withFileName(file, async () => {
        const range = (await table.rangeOf?.(column, row)) ?? { start: row, end: row + 1 };
        const piece = await pieceOf(table, file, column, range);
        return piece.picture(row - range.start, item);
      });
    },
  };
}

async function pieceOf(
  table: TableFile,
  file: SourceFile,
  column: string,
  { start, end }: { start: number; end: number },
): Promise<PictureRows> {
  if (end - start === 1) return new PackedPictures((await table.read([column], start, end))[0] ?? []);
  const name = JSON.stringify([identityOf(file), column, start]);
  const known = pieces.get(name);
  if (known) return known;
  const piece = unpacked(table, column, { start, end });
  pieces.set(name, piece, 0);
  try {
    pieces.set(name, piece, (await piece).weight);
  } catch (error) {
    pieces.delete(name);
    throw error;
  }
  return piece;
}

async function unpacked(table: TableFile, column: string, { start, end }: { start: number; end: number }) {
  const pictures = await table.unpack?.(column, start);
  if (pictures) return pictures;
  const [values = []] = await table.read([column], start, end);
  return new PackedPictures(values);
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
