/** Opens a file of a data set by the ending of its name. */
import { openArrow } from "./arrow";
import { openJsonList, openJsonListHead } from "./json-list";
import { headOfLines, openCsv, openJsonLines } from "./lines";
import { type ByteSource, type KeepIndex, TableError, type TableFile } from "./table-file";
import { openTar, openTarHead } from "./tar";

interface Format {
  open(source: ByteSource, keep: KeepIndex): Promise<TableFile>;
  /** Opens the first rows, to see what columns there are, where opening it all would read it all. */
  head?(source: ByteSource): Promise<TableFile>;
}

const lines: Format = {
  open: openJsonLines,
  head: async (source) => openJsonLines(await headOfLines(source), keepNone),
};
const csv: Format = { open: openCsv, head: async (source) => openCsv(await headOfLines(source), keepNone) };
const arrow: Format = { open: openArrow };
const tar: Format = { open: openTar, head: (source) => openTarHead(source, 100) };

/** Its reader is large: it is loaded for those who have such a file. */
const parquet: Format = { open: async (source) => (await import("./parquet")).openParquet(source) };

const formats: Record<string, Format> = {
  parquet,
  arrow,
  feather: arrow,
  ipc: arrow,
  tar,
  "tar.gz": tar,
  tgz: tar,
  csv,
  tsv: csv,
  jsonl: lines,
  ndjson: lines,
  json: { open: openJsonList, head: openJsonListHead },
};

/** The formats, for people. */
export const tableFormats = "Parquet, WebDataset (.tar), Arrow, CSV, TSV, JSON and JSON lines";

/** How names of such files end, without the first dot. */
export const tableEndings: readonly string[] = Object.keys(formats);

/** Whether pictures of such a file are paths. */
export const isTextTable = (name: string): boolean => /\.(csv|tsv|json|jsonl|ndjson)$/i.test(name);

/** What was made of a file is kept under its name by `keep`. */
export function openTable(name: string, source: ByteSource, keep: KeepIndex): Promise<TableFile> {
  return formatOf(name).open(source, keep);
}

/** The first rows, which tell what columns there are. */
export function openTableHead(name: string, source: ByteSource): Promise<TableFile> {
  const format = formatOf(name);
  return format.head ? format.head(source) : format.open(source, keepNone);
}

const keepNone: KeepIndex = (_, make) => make();

function formatOf(name: string): Format {
  const ending = tableEndings.find((known) => name.toLowerCase().endsWith(`.${known}`));
  if (ending === undefined) throw new TableError(`It is no table by its name.`, `${tableFormats} are read.`);
  return formats[ending] as Format;
}
