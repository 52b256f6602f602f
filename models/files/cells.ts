/** Values of tables as the kind of their column has them. */
import { BadValue, type ColumnKind, pictureBytes, type TableColumn } from "./table-file";
import { cleanText } from "./text";

export const missing = "is missing";

/** A text: itself, the first of a list, a number as it is written; nested values as JSON where that is asked for. */
export function textIn(value: unknown, kind: ColumnKind): string | BadValue {
  if (value instanceof BadValue) return value;
  if (value === null || value === undefined) return new BadValue(missing);
  if (kind === "json") return JSON.stringify(value, jsonPart) ?? "null";
  if (Array.isArray(value)) return textIn(value[0], kind);
  if (typeof value === "string") return cleanText(value);
  if (value instanceof Uint8Array) return decoded(value);
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? new BadValue("is no text") : String(value);
}

function decoded(bytes: Uint8Array): string | BadValue {
  try {
    return cleanText(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return new BadValue("is no text");
  }
}

/** Bytes are no part of JSON; large numbers stand as they are written. */
function jsonPart(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Uint8Array) return null;
  return value;
}

/** The numbers of a row: one, or as many as its column has. */
export function numbersIn(value: unknown, { kind, size }: TableColumn): (number | bigint)[] | BadValue {
  if (value instanceof BadValue) return value;
  if (value === null || value === undefined) return new BadValue(missing);
  const list = Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value as ArrayLike<unknown>) : [value];
  if (list.length !== (size ?? 1)) return new BadValue(`has ${list.length} numbers, and ${size ?? 1} were expected`);
  const numbers = list.map((item) => numberIn(item, kind === "integer"));
  return numbers.every((number) => number !== undefined) ? numbers : new BadValue(`is no ${kind}`);
}

function numberIn(value: unknown, isWhole: boolean): number | bigint | undefined {
  if (typeof value === "bigint") return value;
  const number = typeof value === "string" && value.trim() ? Number(value) : value;
  if (typeof number === "boolean") return Number(number);
  if (typeof number !== "number" || (typeof value === "string" && Number.isNaN(number))) return undefined;
  return isWhole && !Number.isSafeInteger(number) ? undefined : number;
}

/** The path of a picture: itself, the first of a list, or beside bytes that are not there. */
export function pathIn(value: unknown): string | BadValue {
  if (value instanceof BadValue) return value;
  if (value === null || value === undefined || value === "") return new BadValue(missing);
  if (Array.isArray(value)) return pathIn(value[0]);
  if (typeof value === "string") return value.replaceAll("\\", "/");
  if (typeof value === "object" && "path" in value && !pictureBytes(value)) return pathIn(value.path);
  return new BadValue("is no path of a picture");
}
