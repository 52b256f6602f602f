/** What columns the files of a data set have, by the first of them: for whoever chooses among them. */
import { openTableHead } from "#models/files/open-table";
import type { TableColumn } from "#models/files/table-file";
import { tensorsIn } from "#models/files/tensor-file";
import { Failure } from "../errors";
import type { Folders } from "./folders";
import { withFileName } from "./tables";

export interface ColumnChoice {
  name: string;
  as: TableColumn["kind"];
  size?: number;
}

/** A tensor of a file, and the shape of its rows. */
export interface TensorChoice {
  name: string;
  as: string;
  row: number[];
}

/** Reads what the first file says of itself, or its first rows. */
export async function columnsIn(
  folders: Folders,
  folder: string,
  patterns: string,
): Promise<(ColumnChoice | TensorChoice)[]> {
  const [file] = await folders.find(folder, patterns);
  if (!file)
    throw new Failure({ param: "files", message: "No file is given.", hint: "Enter names of files, or a pattern." });
  if (/\.(npy|npz|safetensors)$/i.test(file.name)) {
    const tensors = await withFileName(file, () => tensorsIn(file.name, folders.open(file)));
    return [...tensors].map(([name, { dtype, shape }]) => ({ name, as: dtype, row: shape.slice(1) }));
  }
  const columns = await withFileName(file, async () => {
    const table = await openTableHead(file.name, folders.open(file));
    return Promise.all(
      table.columns.map(async (column) => ({ ...column, size: column.size ?? (await sizeOf(table, column)) })),
    );
  });
  return columns.map(({ name, kind, size }) => ({ name, as: kind, ...(size === undefined ? {} : { size }) }));
}

/** How many numbers the first row has, where rows are lists of them. */
async function sizeOf(
  table: Awaited<ReturnType<typeof openTableHead>>,
  { name, kind }: TableColumn,
): Promise<number | undefined> {
  if ((kind !== "number" && kind !== "integer") || !table.rows) return undefined;
  const [[first] = []] = await table.read([name], 0, 1);
  return Array.isArray(first) || ArrayBuffer.isView(first) ? (first as ArrayLike<unknown>).length : undefined;
}
