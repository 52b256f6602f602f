import { parse } from "csv-parse/browser/esm/sync";

/** A table of texts and numbers: CSV as spreadsheets write it, and lines of JSON as Python writes them. */
export interface Table {
  records: Record<string, unknown>[];
  /** Names that several columns have, and what the columns are called here, in their order. */
  repeated: { name: string; columns: string[] }[];
}

/** Reads a CSV with a header that has `column`. Throws with the number of the line that is wrong. */
export function readCsv(text: string, column: string): Table {
  const repeated: Table["repeated"] = [];
  const records: Record<string, string>[] = parse(text, {
    columns: (header: string[]) => distinctNames(header, repeated),
    ...csvOptions,
    ...dialectOf(text, column),
  });
  return { records, repeated };
}

/** Reads one JSON value for each line, or one list of them. Throws with the number of the line that is wrong. */
export function readJsonLines(text: string): Table {
  if (/^\s*\[/.test(text)) return { records: parseJson(text) as Table["records"], repeated: [] };
  const records = text.split("\n").flatMap((line, i) => {
    try {
      return line.trim() ? [parseJson(line) as Record<string, unknown>] : [];
    } catch (error) {
      throw new Error(`${(error as Error).message} on line ${i + 1}`);
    }
  });
  return { records, repeated: [] };
}

/** How a CSV is written: what separates its cells, how many rows its header takes, and what its columns are called. */
export interface CsvHead {
  delimiter: string;
  rows: number;
  columns: string[];
}

/** Reads the header from the beginning of a CSV; its separator is the one that makes most columns of it. */
export function csvHead(text: string): CsvHead {
  const said = saidDelimiter(text);
  const header = said ? (text.split(/\r?\n|\r/, 2)[1] ?? "") : headerLine(text);
  const counts = delimiters.map((delimiter) => ({ delimiter, count: header.split(delimiter).length }));
  const best = counts.reduce((a, b) => (b.count > a.count ? b : a));
  const delimiter = said ?? best.delimiter;
  const [names = []] = csvRows(header, { delimiter });
  return { delimiter, rows: said ? 2 : 1, columns: distinctNames(names, []) };
}

/** The cells of rows without a header. */
export function csvRows(text: string, { delimiter }: Pick<CsvHead, "delimiter">): string[][] {
  return parse(text, { ...csvOptions, delimiter, relax_column_count: true });
}

/** One row of JSON lines. */
export function jsonRow(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new Error("it is no JSON");
  }
}

const delimiters = [",", ";", "\t", "|"];
const csvOptions = { skip_empty_lines: true, trim: true, relax_quotes: true } as const;

const saidDelimiter = (text: string): string | undefined => /^"?sep=(.)"?[,;\t]*\r?(?:\n|$)/i.exec(text)?.[1];
const headerLine = (text: string): string => text.trimStart().split(/\r?\n|\r/, 1)[0] ?? "";

/** Names of columns in one Unicode form; of equal ones all but the first get a number. */
function distinctNames(header: readonly string[], repeated: Table["repeated"]): string[] {
  const columns = new Map<string, string[]>();
  const names = header.map((given) => {
    const name = given.normalize("NFC");
    const before = columns.get(name) ?? [];
    const distinct = before.length ? `${name} ${before.length + 1}` : name;
    columns.set(name, [...before, distinct]);
    return distinct;
  });
  repeated.push(
    ...[...columns].map(([name, list]) => ({ name, columns: list })).filter((one) => one.columns.length > 1),
  );
  return names;
}

/**
 * Spreadsheets separate columns as their country has it, and may say so in a first line "sep=;". Where they do not,
 * it is the separator with which the header names the column.
 */
function dialectOf(text: string, column: string): { delimiter: string; from_line: number } {
  const said = saidDelimiter(text);
  if (said) return { delimiter: said, from_line: 2 };
  const header = headerLine(text);
  const names = (delimiter: string) =>
    header.split(delimiter).map((name) =>
      name
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .normalize("NFC"),
    );
  const fits = (delimiter: string) => names(delimiter).includes(column.normalize("NFC"));
  return { delimiter: delimiters.find(fits) ?? ",", from_line: 1 };
}

/** JSON, and the NaN and Infinity that Python writes into it, which become null. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const strict = text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (part) =>
      part.startsWith('"') ? part : "null",
    );
    if (strict === text) throw error;
    return JSON.parse(strict);
  }
}
