/** What the columns of a table without types hold, by its first rows. */
import { imageEndings } from "./image-endings";
import type { TableColumn } from "./table-file";

/** One column for each name that a record has, in the order in which they are met. */
export function guessedColumns(
  records: readonly Record<string, unknown>[],
  names: readonly string[] = [...new Set(records.flatMap((record) => Object.keys(record)))],
): TableColumn[] {
  return names.map((name) => {
    const values = records.map((record) => record[name]).filter((value) => value !== null && value !== undefined);
    return { name, ...guessed(values) };
  });
}

function guessed(values: readonly unknown[]): Omit<TableColumn, "name"> {
  const filled = values.filter((value) => value !== "");
  const [first] = filled;
  if (first === undefined) return { kind: "text" };
  if (filled.every(isNumberList)) return { kind: "number", size: (first as number[]).length };
  const single = Array.isArray(first) ? (first[0] as unknown) : first;
  if (typeof single === "string") {
    const texts = filled
      .map((value) => (Array.isArray(value) ? value[0] : value))
      .filter((value) => typeof value === "string");
    if (texts.every(isPicturePath)) return { kind: "picture" };
    return { kind: texts.every(isNumeral) ? kindOfNumbers(texts.map(Number)) : "text" };
  }
  if (filled.every((value) => typeof value === "boolean")) return { kind: "integer" };
  if (filled.every((value) => typeof value === "number")) return { kind: kindOfNumbers(filled as number[]) };
  return { kind: "json" };
}

const kindOfNumbers = (numbers: readonly number[]) => (numbers.every(Number.isSafeInteger) ? "integer" : "number");

const isNumberList = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number");

const isNumeral = (text: string): boolean => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text);

const isPicturePath = (text: string): boolean => {
  const ending = /\.(\w{1,5})$/.exec(text)?.[1];
  return ending !== undefined && imageEndings.has(ending.toLowerCase());
};
