import * as z from "zod";
import { type GraphDocument, graphDocument, limits, schemaVersion } from "./document";
import { errorProblem, type Problem } from "./problem";

type Parsed = { document: GraphDocument; problems?: undefined } | { document?: undefined; problems: Problem[] };

/** Text to document. Everything that can be wrong with a stranger's JSON comes back as problems; nothing throws. */
export function parseText(text: string): Parsed {
  if (text.length > limits.bytes) return { problems: [tooLarge(text.length)] };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const message = `This is no JSON: ${(error as Error).message}.`;
    return { problems: [errorProblem("bad-document", message, "Export the graph again from the editor.")] };
  }
  return parseDocument(json);
}

/** A parsed JSON value to a document. */
export function parseDocument(json: unknown): Parsed {
  const foreign = outlineProblem(json);
  if (foreign) return { problems: [foreign] };
  let text: string;
  let result: z.ZodSafeParseResult<GraphDocument>;
  try {
    text = JSON.stringify(json);
    result = graphDocument.safeParse(json);
  } catch {
    const message = "The graph's values are nested too deeply.";
    const hint = "Parameters are plain values and short lists; export the graph again from the editor.";
    return { problems: [errorProblem("bad-document", message, hint)] };
  }
  if (text.length > limits.bytes) return { problems: [tooLarge(text.length)] };
  // Postgres keeps no NUL character.
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(text)) {
    const hint = "Delete it; it may have come with a pasted text.";
    return { problems: [errorProblem("bad-document", "The graph holds a NUL character.", hint)] };
  }
  return result.success ? { document: result.data } : { problems: result.error.issues.slice(0, 20).map(issueProblem) };
}

/** What is wrong with a graph of so many bytes. */
export function tooLarge(bytes: number): Problem {
  const size = Number.isNaN(bytes) ? "an unknown size" : `${Math.ceil(bytes / 2 ** 20)} MiB`;
  return errorProblem(
    "too-large",
    `The graph has ${size}; ${limits.bytes / 2 ** 20} MiB is the limit.`,
    "Keep data in datasets and uploads, not in parameters.",
  );
}

/** What is wrong at first sight: no graph at all, one of a newer Patchbay, or too many nodes or wires. */
function outlineProblem(json: unknown): Problem | undefined {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    return errorProblem(
      "bad-document",
      "A graph is a JSON object with schema, nodes and wires; this is something else.",
      "Export the graph again from the editor.",
    );
  const { schema, nodes, wires } = json as { schema?: unknown; nodes?: unknown; wires?: unknown };
  if (typeof schema === "number" && schema > schemaVersion)
    return errorProblem(
      "future-schema",
      `The graph was saved by a newer Patchbay: schema ${schema}, while this one reads up to ${schemaVersion}.`,
      "Update Patchbay, or export the graph from the newer one in the older schema.",
    );
  const counts = [
    { what: "nodes", count: nodes && typeof nodes === "object" ? Object.keys(nodes).length : 0, limit: limits.nodes },
    { what: "wires", count: Array.isArray(wires) ? wires.length : 0, limit: limits.wires },
  ];
  const over = counts.find(({ count, limit }) => count > limit);
  return (
    over &&
    errorProblem(
      "too-large",
      `The graph has ${over.count} ${over.what}; ${over.limit} is the limit.`,
      "Split it into several graphs.",
    )
  );
}

function issueProblem({ path, message }: z.core.$ZodIssue): Problem {
  return errorProblem(
    "bad-document",
    `${z.core.toDotPath(path) || "The graph"}: ${message}`,
    "Correct the file, or export the graph again from the editor.",
    { node: path[0] === "nodes" && typeof path[1] === "string" ? path[1] : undefined },
  );
}
