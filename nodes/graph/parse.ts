import * as z from "zod";
import { type GraphDocument, graphDocument, limits, schemaVersion } from "./document";
import type { Problem } from "./problem";

type Parsed = { document: GraphDocument; problems?: undefined } | { document?: undefined; problems: Problem[] };
const refuse = (code: Problem["code"], message: string, hint: string): Parsed => ({
  problems: [{ code, severity: "error", message, hint }],
});

/** What is wrong with a graph of so many bytes. */
export const tooLarge = (bytes: number): Problem => ({
  code: "too-large",
  severity: "error",
  message: `The graph has ${Number.isNaN(bytes) ? "an unknown size" : `${Math.ceil(bytes / 2 ** 20)} MiB`}; ${limits.bytes / 2 ** 20} MiB is the limit.`,
  hint: "Keep data in datasets and uploads, not in parameters.",
});

/** Text to document. Everything that can be wrong with a stranger's JSON comes back as problems; nothing throws. */
export function parseText(text: string): Parsed {
  if (text.length > limits.bytes) return { problems: [tooLarge(text.length)] };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return refuse(
      "bad-document",
      `This is no JSON: ${(error as Error).message}.`,
      "Export the graph again from the editor.",
    );
  }
  return parseDocument(json);
}

/** A parsed JSON value to a document. */
export function parseDocument(json: unknown): Parsed {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return refuse(
      "bad-document",
      "A graph is a JSON object with schema, nodes and wires; this is something else.",
      "Export the graph again from the editor.",
    );
  }
  const { schema, nodes, wires } = json as { schema?: unknown; nodes?: unknown; wires?: unknown };
  if (typeof schema === "number" && schema > schemaVersion) {
    return refuse(
      "future-schema",
      `The graph was saved by a newer Patchbay: schema ${schema}, while this one reads up to ${schemaVersion}.`,
      "Update Patchbay, or export the graph from the newer one in the older schema.",
    );
  }
  if (nodes && typeof nodes === "object" && Object.keys(nodes).length > limits.nodes) {
    return refuse(
      "too-large",
      `The graph has ${Object.keys(nodes).length} nodes; ${limits.nodes} is the limit.`,
      "Split it into several graphs.",
    );
  }
  if (Array.isArray(wires) && wires.length > limits.wires) {
    return refuse(
      "too-large",
      `The graph has ${wires.length} wires; ${limits.wires} is the limit.`,
      "Split it into several graphs.",
    );
  }
  let text: string;
  let result: z.ZodSafeParseResult<GraphDocument>;
  try {
    [text, result] = [JSON.stringify(json), graphDocument.safeParse(json)];
  } catch {
    return refuse(
      "bad-document",
      "The graph's values are nested too deeply.",
      "Parameters are plain values and short lists; export the graph again from the editor.",
    );
  }
  if (text.length > limits.bytes) return { problems: [tooLarge(text.length)] };
  // Postgres keeps no NUL character.
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(text))
    return refuse(
      "bad-document",
      "The graph holds a NUL character.",
      "Delete it; it may have come with a pasted text.",
    );
  if (result.success) return { document: result.data };
  return {
    problems: result.error.issues.slice(0, 20).map((issue) => ({
      code: "bad-document",
      severity: "error",
      node: issue.path[0] === "nodes" && typeof issue.path[1] === "string" ? issue.path[1] : undefined,
      message: `${z.core.toDotPath(issue.path) || "The graph"}: ${issue.message}`,
      hint: "Correct the file, or export the graph again from the editor.",
    })),
  };
}
