/** Parameters that hold rows, such as pictures: those of several calls are put together, and taken apart again. */
import * as z from "zod";
import type { GraphDocument } from "#nodes/graph/document";
import { settableAt } from "#nodes/graph/settable";
import { type Assignment, placeNamed } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";

type Json = Assignment[string];
type Kind = "items" | "lines";

/** The values of a call that hold rows, and those that do not. */
export function partsOf(document: GraphDocument, values: Assignment): { rows: Assignment; fixed: Assignment } {
  const rows: Assignment = {};
  const fixed: Assignment = {};
  for (const [name, value] of Object.entries(values)) {
    const holdsRows = kindOf(document, name) !== undefined;
    (holdsRows ? rows : fixed)[name] = value;
  }
  return { rows, fixed };
}

function kindOf(document: GraphDocument, name: string): Kind | undefined {
  const { node, param } = placeNamed(name);
  const params = settableAt(document, node, registry)?.params ?? {};
  const schema = Object.hasOwn(params, param) ? (params[param] as z.ZodType) : undefined;
  return schema && z.globalRegistry.get(schema)?.rows;
}

/** How many rows a value holds. */
export function rowsIn(value: Json): number {
  return Array.isArray(value) ? value.length : linesOf(value).length;
}

const linesOf = (value: Json): string[] =>
  String(value)
    .split("\n")
    .filter((line) => line.trim());

/** The rows of several calls, one behind the other, by parameter. */
export function joinedRows(calls: readonly Assignment[]): Assignment {
  const names = Object.keys(calls[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, joined(calls.map((values) => values[name] as Json))]));
}

function joined(values: readonly Json[]): Json {
  if (values.every((value) => Array.isArray(value))) return values.flat() as Json;
  return values.flatMap(linesOf).join("\n");
}
