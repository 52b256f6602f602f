/** One JSON list of objects, which is held in memory as a whole. */
import { guessedColumns } from "./guess-columns";
import { jsonRow } from "./table";
import { BadValue, type ByteSource, TableError, type TableFile } from "./table-file";
import { decodeText } from "./text";

const largestFile = 512 * 2 ** 20;

export async function openJsonList(source: ByteSource): Promise<TableFile> {
  if (source.size > largestFile) {
    const size = `${Math.ceil(source.size / 2 ** 20)} MiB, and ${largestFile / 2 ** 20}`;
    throw new TableError(`It has ${size} is the limit for one list.`, "Save it as JSON lines: an object a line.");
  }
  const rows = listIn(await source.read(0, source.size)).map((row) =>
    typeof row === "object" && row !== null && !Array.isArray(row)
      ? (row as Record<string, unknown>)
      : new BadValue("it is no JSON object", true),
  );
  const records = rows.flatMap((row) => (row instanceof BadValue ? [] : [row]));
  return {
    rows: rows.length,
    columns: guessedColumns(records.slice(0, 100)),
    read: async (columns, start, end) =>
      columns.map((column) =>
        rows.slice(start, end).map((row) => (row instanceof BadValue ? row : (row[column] ?? null))),
      ),
  };
}

function listIn(bytes: Uint8Array): unknown[] {
  let value: unknown;
  try {
    value = jsonRow(decodeText(bytes));
  } catch {
    throw new TableError("It is no JSON, or cut off.", "Download or copy it again, to the end.");
  }
  if (!Array.isArray(value)) throw new TableError("It is no JSON list.", "A list of objects is read.");
  return value;
}
