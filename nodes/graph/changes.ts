import type { GraphDocument } from "./document";
import { documentShape, isSame, type Shape, shapeWithin, tableOf } from "./document-shape";

/** One thing in which two states of a document differ. */
export interface Change {
  kind: "added" | "removed" | "changed";
  /** The way to it from the document: ["nodes", "resize", "params", "width"]. A wire is named by its ends. */
  path: readonly string[];
  /** `undefined` where there is none: of a parameter, its default. */
  before: unknown;
  after: unknown;
}

/**
 * In what a document differs from another, in the order of the documents. Positions mean nothing. A node that is there
 * only once is one change, whatever it holds.
 */
export function changesBetween(before: GraphDocument, after: GraphDocument): Change[] {
  return changesWithin(documentShape, before, after);
}

/** The changes of a part of a document. */
export function changesWithin(shape: Shape, before: unknown, after: unknown, path: readonly string[] = []): Change[] {
  if (shape === "place" || isSame(before, after)) return [];
  const old = tableOf(shape, before);
  const now = tableOf(shape, after);
  const isTable = path.length < 2 && (old ?? now) !== undefined;
  if (!isTable && (!old || !now)) return [{ kind: kindOf(before, after), path, before, after }];
  const names = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
  return [...names].flatMap((name) =>
    changesWithin(shapeWithin(shape, name), old?.get(name), now?.get(name), [...path, name]),
  );
}

function kindOf(before: unknown, after: unknown): Change["kind"] {
  if (before === undefined) return "added";
  return after === undefined ? "removed" : "changed";
}
