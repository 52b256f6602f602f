import type { GraphDocument } from "#nodes/graph/document";
import { parseDocument } from "#nodes/graph/parse";
import type { Problem } from "#nodes/graph/problem";
import { failureOf } from "../errors";

/** A stranger's JSON as a graph, or a failure that says what is wrong with it. */
export function checked(json: unknown): GraphDocument {
  const { document, problems } = parseDocument(json);
  if (!document) throw failureOf(problems[0] as Problem);
  return document;
}
