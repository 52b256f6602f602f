/** What of a graph names things of the machine it was made on, or says what is meant for its maker alone. */
import { withAnnotations } from "./annotations";
import type { GraphDocument, GraphNode } from "./document";
import { withoutPins } from "./edits";

type Annotations = Pick<GraphDocument, "frames" | "notes">;

export interface LeavingText {
  /** The way to the node: its id, after the composite that it lies in. */
  node: string;
  param?: string;
  text: string;
}

export interface UploadedFile {
  /** The sha256 of its content: a file that the document names, and does not hold. */
  ref: string;
  name: string;
  /** All that it is called in the graph: each of them goes out with it. */
  names: string[];
  /** Its size, where the document says it. */
  bytes?: number;
  /** Where it is used, as "node.param". */
  usedBy: string[];
}

export interface Leaving {
  files: UploadedFile[];
  paths: LeavingText[];
  notes: LeavingText[];
  /** Nodes with a pinned result, by the ways to them. The results stay here: `withoutLeaving` takes them out. */
  pins: string[];
}

/** What goes out with the document. Results, runs, versions and files themselves never do. */
export function leavingWith(document: GraphDocument): Leaving {
  const files = new Map<string, UploadedFile>();
  const leaving: Leaving = { files: [], paths: [], notes: [], pins: [] };
  for (const { id, node } of nodesOf(document)) {
    for (const [param, value] of Object.entries(node.params)) {
      collectFiles(value, `${id}.${param}`, files);
      for (const text of textsIn(value)) if (isPath(text)) leaving.paths.push({ node: id, param, text });
    }
    if (node.note) leaving.notes.push({ node: id, text: node.note });
    if (node.pin) leaving.pins.push(id);
    leaving.pins.push(...Object.keys(node.pins ?? {}).map((way) => `${id}/${way}`));
  }
  for (const [way, { notes = {}, frames = {} }] of levelsOf(document)) {
    leaving.notes.push(...Object.entries(notes).map(([id, { text }]) => ({ node: `${way}${id}`, text })));
    const texts = Object.entries(frames).flatMap(([id, { text }]) => (text ? [{ node: `${way}${id}`, text }] : []));
    leaving.notes.push(...texts);
  }
  return { ...leaving, files: [...files.values()] };
}

/** What may be left out of a document that leaves. */
export interface LeaveOut {
  files?: boolean;
  paths?: boolean;
  notes?: boolean;
  /** Left out unless this is false: they lie in the store of this machine, and only a bundle takes them along. */
  pins?: boolean;
}

/** The document without what shall stay here: parameters go back to their defaults. */
export function withoutLeaving(document: GraphDocument, leaveOut: LeaveOut): GraphDocument {
  const { files, paths, notes, pins = true } = leaveOut;
  const unpinned = pins ? withoutPins(document) : document;
  if (!files && !paths && !notes) return unpinned;
  const stays = (value: unknown) => (files && hasFile(value)) || (paths && [...textsIn(value)].some(isPath));
  const changed = mapNodes(unpinned, ({ note, ...node }) => ({
    ...node,
    ...(note && !notes ? { note } : {}),
    params: Object.fromEntries(Object.entries(node.params).filter(([, value]) => !stays(value))),
  }));
  if (!notes) return changed;
  const composites = Object.entries(changed.composites ?? {}).map(([id, each]) => [id, withoutTexts(each)]);
  return withoutTexts(changed.composites ? { ...changed, composites: Object.fromEntries(composites) } : changed);
}

/** A graph, or the inside of a composite, without its notes and what is written in its frames. */
function withoutTexts<L extends Annotations>(level: L): L {
  const frames = Object.entries(level.frames ?? {}).map(([id, { text: _, ...frame }]) => [id, frame]);
  return withAnnotations(level, { frames: Object.fromEntries(frames) });
}

/** The document with another file in the place of one, wherever it is used. */
export function withOtherFile(
  document: GraphDocument,
  ref: string,
  other: { ref: string; name: string },
): GraphDocument {
  return mapNodes(document, (node) => {
    const params = replaced(node.params, ref, other) as GraphNode["params"];
    return params === node.params ? node : { ...node, params };
  });
}

function mapNodes(document: GraphDocument, change: (node: GraphNode) => GraphNode): GraphDocument {
  const mapped = (nodes: GraphDocument["nodes"]) =>
    Object.fromEntries(Object.entries(nodes).map(([id, node]) => [id, change(node)]));
  const inside = Object.entries(document.composites ?? {}).map(([id, composite]) => [
    id,
    { ...composite, nodes: mapped(composite.nodes) },
  ]);
  const composites = document.composites ? { composites: Object.fromEntries(inside) } : {};
  return { ...document, nodes: mapped(document.nodes), ...composites };
}

/** The graph and the insides of its composites, by the ways to them. */
function levelsOf(document: GraphDocument): [way: string, level: Annotations][] {
  const inside = Object.entries(document.composites ?? {});
  return [["", document], ...inside.map(([id, composite]): [string, Annotations] => [`${id}/`, composite])];
}

function* nodesOf(document: GraphDocument): Generator<{ id: string; node: GraphNode }> {
  for (const [id, node] of Object.entries(document.nodes)) yield { id, node };
  for (const [composite, { nodes }] of Object.entries(document.composites ?? {})) {
    for (const [id, node] of Object.entries(nodes)) yield { id: `${composite}/${id}`, node };
  }
}

const isRef = (value: unknown): value is string => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const isFile = (value: object): value is { ref: string; name?: unknown; path?: unknown; bytes?: unknown } =>
  isRef((value as { ref?: unknown }).ref);

function collectFiles(value: unknown, usedBy: string, files: Map<string, UploadedFile>): void {
  if (typeof value !== "object" || value === null) return;
  if (isFile(value)) {
    const name = [value.name, value.path].find((each) => typeof each === "string") as string | undefined;
    const bytes = typeof value.bytes === "number" ? value.bytes : undefined;
    const known = files.get(value.ref) ?? { ref: value.ref, name: name ?? "a file", names: [], bytes, usedBy: [] };
    if (name !== undefined && !known.names.includes(name)) known.names.push(name);
    if (!known.usedBy.includes(usedBy)) known.usedBy.push(usedBy);
    files.set(value.ref, known);
  }
  for (const inner of Object.values(value)) collectFiles(inner, usedBy, files);
}

function hasFile(value: unknown): boolean {
  const files = new Map<string, UploadedFile>();
  collectFiles(value, "", files);
  return files.size > 0;
}

export function* textsIn(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) yield* textsIn(inner);
}

/** A path of a machine: "/home/…", "~/…", "C:\…", "\\server\…". */
export const isPath = (text: string): boolean =>
  /^(\/[^/\s]|~\/|[A-Za-z]:[\\/]|\\\\)/.test(text) && !text.includes("\n");

function replaced(value: unknown, ref: string, other: { ref: string; name: string }): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isFile(value) && value.ref === ref) {
    const name = typeof value.name === "string" ? { name: other.name } : {};
    return { ...value, ref: other.ref, ...name };
  }
  const entries = Object.entries(value).map(([name, inner]) => [name, replaced(inner, ref, other)] as const);
  if (entries.every(([name, inner]) => inner === (value as Record<string, unknown>)[name])) return value;
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}
