import * as z from "zod";
import { type GraphDocument, graphDocument, limits, schemaVersion } from "./document";
import type { Problem } from "./problem";

type Parsed = { document: GraphDocument; problems?: undefined } | { document?: undefined; problems: Problem[] };
const refuse = (code: Problem["code"], message: string, hint: string, where: Partial<Problem> = {}): Parsed => ({
  problems: [{ code, severity: "error", message, hint, ...where }],
});

/** Text to document. Everything that can be wrong with a stranger's JSON comes back as problems; nothing throws. */
export function parseText(text: string): Parsed {
  if (text.length > limits.bytes) {
    return refuse("too-large", `The graph has ${Math.ceil(text.length / 2 ** 20)} MiB; ${limits.bytes / 2 ** 20} MiB is the limit.`, "Keep data in datasets and uploads, not in parameters.");
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return refuse("bad-document", `This is no JSON: ${(error as Error).message}.`, "Export the graph again from the editor.");
  }
  return parseDocument(json);
}

/** A parsed JSON value to a document. */
export function parseDocument(json: unknown): Parsed {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return refuse("bad-document", "A graph is a JSON object with schema, nodes and wires; this is something else.", "Export the graph again from the editor.");
  }
  const { schema, nodes, wires } = json as { schema?: unknown; nodes?: unknown; wires?: unknown };
  if (typeof schema === "number" && schema > schemaVersion) {
    return refuse("future-schema", `The graph was saved by a newer Patchbay: schema ${schema}, while this one reads up to ${schemaVersion}.`, "Update Patchbay, or export the graph from the newer one in the older schema.");
  }
  if (nodes && typeof nodes === "object" && Object.keys(nodes).length > limits.nodes) {
    return refuse("too-large", `The graph has ${Object.keys(nodes).length} nodes; ${limits.nodes} is the limit.`, "Split it into several graphs.");
  }
  if (Array.isArray(wires) && wires.length > limits.wires) {
    return refuse("too-large", `The graph has ${wires.length} wires; ${limits.wires} is the limit.`, "Split it into several graphs.");
  }
  const result = graphDocument.safeParse(json);
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
