/** Graphs as they come from strangers and from the database. */
import { type GraphDocument, graphDocument, schemaVersion } from "#nodes/graph/document";
import { parseDocument } from "#nodes/graph/parse";
import type { Problem } from "#nodes/graph/problem";
import { failureOf } from "../errors";

export const emptyDocument = (): GraphDocument =>
  graphDocument.parse({ schema: schemaVersion, name: "Untitled", nodes: {}, wires: [] });

/** A stranger's JSON as a graph, or a failure that says what is wrong with it. */
export function checked(json: unknown): GraphDocument {
  const { document, problems } = parseDocument(json);
  if (!document) throw failureOf(problems[0] as Problem);
  return document;
}

/** Stored JSON as a graph; an empty one, with what is wrong, where it is none. */
export function readable(json: unknown): { document: GraphDocument; broken?: string } {
  const { document, problems } = parseDocument(json);
  return document ? { document } : { document: emptyDocument(), broken: (problems[0] as Problem).message };
}
