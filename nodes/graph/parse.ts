import * as z from "zod";
import { type JsonFlaw, jsonFlaws } from "#models/files/json-text";
import { cleanText, decodeText } from "#models/files/text";
import { type GraphDocument, graphDocument, limits, schemaVersion } from "./document";
import { foreignFormat } from "./foreign";
import { type Copied, isLikePart } from "./part-text";
import { errorProblem, type Problem } from "./problem";
import { tooLarge, tooMany } from "./size-limits";

/** How deep a graph's values may lie in each other. */
const maxDepth = 100;

type Failed = { problems: Problem[] };
type Parsed = { document: GraphDocument; problems?: undefined } | (Failed & { document?: undefined });

/** A file to document: UTF-8, or UTF-16 with a byte-order mark. */
export function parseBytes(bytes: Uint8Array): Parsed {
  if (bytes.length > limits.bytes) return { problems: [tooLarge(bytes.length)] };
  let text: string;
  try {
    text = decodeText(bytes);
  } catch {
    return { problems: [errorProblem("bad-document", "This is no text, and so no Patchbay graph.", exportHint)] };
  }
  return parseText(text);
}

/** Text to document. Everything that can be wrong with a stranger's JSON comes back as problems; nothing throws. */
export function parseText(text: string): Parsed {
  const { json, problems } = parseJson(text);
  return problems ? { problems } : parseDocument(json);
}

/** A parsed JSON value to a document, with texts that can be kept: halves of surrogate pairs become U+FFFD. */
export function parseDocument(json: unknown): Parsed {
  const foreign = outlineProblem(json);
  if (foreign) return { problems: [foreign] };
  return validated(json, graphDocument, (document) => ({ document }));
}

/** A part of a graph as it lies on the clipboard. */
const copiedPart = z.object({
  patchbay: z.literal(1),
  nodes: graphDocument.shape.nodes,
  wires: graphDocument.shape.wires,
  frames: graphDocument.shape.frames,
  notes: graphDocument.shape.notes,
  composites: graphDocument.shape.composites,
  incoming: graphDocument.shape.wires.element
    .extend({ type: z.string().max(100) })
    .array()
    .optional(),
  constants: graphDocument.shape.constants,
});

/** What was copied; `part` and `problems` are both missing when something else is on the clipboard, such as a text. */
export function parsePart(text: string): { part?: Copied; problems?: Problem[] } {
  if (!isLikePart(text)) return {};
  const { json, problems } = parseJson(text);
  return problems ? { problems } : validated(json, copiedPart, ({ patchbay: _, ...part }) => ({ part }));
}

/** What is wrong with the JSON of a request that holds a graph as its `document`. */
export function requestProblem(body: string): Problem | undefined {
  const flaw = jsonFlaws(body, maxDepth)[0];
  return flaw && flawProblem({ ...flaw, path: flaw.path.slice(flaw.path.indexOf("document") + 1) });
}

function parseJson(text: string): { json: unknown; problems?: undefined } | (Failed & { json?: undefined }) {
  if (text.length > limits.bytes) return { problems: [tooLarge(text.length)] };
  const unmarked = text.replace(/^\ufeff/, "");
  let json: unknown;
  try {
    json = JSON.parse(unmarked);
  } catch (error) {
    const message = `This is no JSON: ${(error as Error).message}.`;
    return { problems: [errorProblem("bad-document", message, "Export the graph again from the editor.")] };
  }
  // What is another program's is said first: it may name things twice for reasons of its own.
  const foreign = foreignProblem(json);
  if (foreign) return { problems: [foreign] };
  const problems = jsonFlaws(unmarked, maxDepth).map(flawProblem);
  return problems.length ? { problems } : { json };
}

/** A value that its schema takes, with texts that can be kept; or what is wrong with it, and where. */
function validated<T, R extends object>(json: unknown, schema: z.ZodType<T>, result: (value: T) => R): R | Failed {
  const problems: Problem[] = [];
  const kept = keepable(json, [], problems);
  if (problems.length) return { problems };
  const size = JSON.stringify(kept).length;
  if (size > limits.bytes) return { problems: [tooLarge(size)] };
  const parsed = schema.safeParse(kept);
  return parsed.success
    ? result(inOrderOf(parsed.data, kept))
    : { problems: parsed.error.issues.slice(0, 20).map(issueProblem) };
}

/** A value with its names in the order of what it was read from, so that it is written as it came. */
function inOrderOf<T>(value: T, source: unknown): T {
  if (typeof value !== "object" || typeof source !== "object" || !value || !source) return value;
  if (Array.isArray(value)) return value.map((item, i) => inOrderOf(item, (source as unknown[])[i])) as T;
  const [read, before] = [value as Record<string, unknown>, source as Record<string, unknown>];
  const names = [...Object.keys(before), ...Object.keys(read).filter((name) => !Object.hasOwn(before, name))];
  const entries = names.flatMap((name) =>
    Object.hasOwn(read, name) ? [[name, inOrderOf(read[name], before[name])] as const] : [],
  );
  return Object.fromEntries(entries) as T;
}

/** A value with its texts cleaned. What cannot be mended without changing what is meant goes to `problems`. */
function keepable(value: unknown, path: JsonFlaw["path"], problems: Problem[]): unknown {
  if (path.length > maxDepth) {
    problems.push(flawProblem({ kind: "deep", path }));
    return null;
  }
  if (typeof value === "string") {
    if (value.includes("\0")) problems.push(nulProblem(path));
    return cleanText(value);
  }
  if (Array.isArray(value)) return value.map((item, i) => keepable(item, [...path, i], problems));
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  const entries = Object.entries(value).map(([name, inner]) => {
    const place = [...path, name];
    if (name === "__proto__") problems.push(flawProblem({ kind: "reserved", path: place }));
    if (name.includes("\0")) problems.push(nulProblem(path));
    return [cleanText(name), keepable(inner, place, problems)];
  });
  return Object.fromEntries(entries);
}

/** An object as JSON makes it: what else a request may carry, such as a date, is the schema's to refuse. */
const isPlain = (value: object): boolean => Object.prototype.toString.call(value) === "[object Object]";

/** What is wrong at first sight: no graph at all, one of a newer Patchbay, or too many nodes or wires. */
function outlineProblem(json: unknown): Problem | undefined {
  const foreign = foreignProblem(json);
  if (foreign) return foreign;
  const { schema, nodes, wires, composites } = outlineOf(json);
  if (typeof schema === "number" && schema > schemaVersion)
    return errorProblem(
      "future-schema",
      `The graph was saved by a newer Patchbay: schema ${schema}, while this one reads up to ${schemaVersion}.`,
      "Update Patchbay, or export the graph from the newer one in the older schema.",
    );
  const parts = [{ nodes, wires }, ...Object.values(Object(composites)).map(outlineOf)];
  const countOf = (value: unknown): number => (value && typeof value === "object" ? Object.keys(value).length : 0);
  return tooMany(
    parts.reduce((sum, part) => sum + countOf(part.nodes), 0),
    parts.reduce((sum, part) => sum + countOf(part.wires), 0),
  );
}

interface Outline {
  schema?: unknown;
  nodes?: unknown;
  wires?: unknown;
  composites?: unknown;
}
const outlineOf = (json: unknown): Outline => (typeof json === "object" && json !== null ? json : {});

const exportHint = "Choose a graph that was exported from Patchbay: More, Export as JSON.";

/** Why a value is no graph of Patchbay, and whose it is where that is known; a part of a graph is one, too. */
function foreignProblem(json: unknown): Problem | undefined {
  const outline = outlineOf(json);
  const isPart = Object.hasOwn(outline, "patchbay");
  const lacking = (["schema", "nodes", "wires"] as const).filter(
    (name) => !Object.hasOwn(outline, name) && !(isPart && name === "schema"),
  );
  const isListOfNodes = Array.isArray(outline.nodes);
  if (!lacking.length && !isListOfNodes) return undefined;
  const format = foreignFormat(json);
  if (format)
    return errorProblem("bad-document", `This is ${format.name}, not a Patchbay graph.`, format.hint ?? exportHint);
  if (typeof json !== "object" || json === null || Array.isArray(json))
    return errorProblem(
      "bad-document",
      "This is no Patchbay graph: a graph is a JSON object with schema, nodes and wires; this is something else.",
      exportHint,
    );
  const reason = lacking.length
    ? `it lacks ${listed(lacking)}`
    : "its nodes are a list, and no object of nodes by their ids";
  return errorProblem("bad-document", `This is no Patchbay graph: ${reason}.`, exportHint);
}

/** "a", "a and b", "a, b and c". */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

function flawProblem({ kind, path }: JsonFlaw): Problem {
  const place = placeText(path.slice(0, 6));
  const name = String(path.at(-1) ?? "");
  const owner = placeText(path.slice(0, -1));
  if (kind === "deep")
    return errorProblem(
      "bad-document",
      `The graph's values are nested too deeply: more than ${maxDepth} levels at ${place || "its beginning"}.`,
      "Parameters are plain values and short lists; export the graph again from the editor.",
    );
  if (kind === "reserved")
    return errorProblem(
      "bad-document",
      `${owner || "The graph"} has something named “${name}”, which is a name of JavaScript itself.`,
      "Give it another name.",
    );
  const isNode = path.length === 2 && path[0] === "nodes";
  return errorProblem(
    "bad-document",
    isNode
      ? `Two nodes have the id “${name}”: all but the last would be lost.`
      : `${owner || "The graph"} names “${name}” twice: all but the last would be lost.`,
    isNode ? "Give each node an id of its own, and the wires that belong to it." : "Delete all but one.",
    isNode ? { node: name } : {},
  );
}

function nulProblem(path: JsonFlaw["path"]): Problem {
  return errorProblem(
    "bad-document",
    `The graph holds a NUL character, at ${placeText(path) || "its beginning"}.`,
    "Delete it; it may have come with a pasted text.",
    { node: nodeAt(path) },
  );
}

function issueProblem(issue: z.core.$ZodIssue): Problem {
  // Of a name that is none zod says only that; why, its own issues say.
  const reason = issue.code === "invalid_key" ? issue.issues[0]?.message : undefined;
  return errorProblem(
    "bad-document",
    `${placeText(issue.path) || "The graph"}: ${reason ?? issue.message}`,
    "Correct the file, or export the graph again from the editor.",
    { node: nodeAt(issue.path) },
  );
}

const placeText = (path: readonly PropertyKey[]): string => cleanText(z.core.toDotPath(path));
const nodeAt = ([first, second]: readonly PropertyKey[]): string | undefined =>
  first === "nodes" && typeof second === "string" ? second : undefined;
