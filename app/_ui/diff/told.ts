/** Changes of a graph as people read them: which node, which parameter, and its values. */
import type { Change } from "#nodes/graph/changes";
import { compositeIdOf, compositeNamed } from "#nodes/graph/composites";
import type { Composite, GraphDocument } from "#nodes/graph/document";
import { registry } from "#nodes/registry.gen";
import type { NodeDefinition } from "#nodes/core/node";

/** Where something is: in the document itself, or inside of a composite, and what of it. */
export interface Place {
  composite?: string;
  /** "nodes", "wires", "frames", or a field such as "name". */
  table: string;
  /** The node, the wire's ends, or the frame. */
  id?: string;
  /** What of it: the name of a parameter, or a field such as "note". */
  field?: string;
  isParam: boolean;
}

export function placeOf(path: readonly string[]): Place {
  const isInside = path[0] === "composites" && path.length > 2;
  const [table = "", id, ...rest] = isInside ? path.slice(2) : path;
  const isParam = rest[0] === "params";
  return { composite: isInside ? path[1] : undefined, table, id, field: isParam ? rest[1] : rest[0], isParam };
}

type Level = Pick<GraphDocument, "nodes" | "wires"> | Composite;

/** The graph that a place is in. */
export function levelOf(document: GraphDocument, composite: string | undefined): Level | undefined {
  return composite === undefined ? document : compositeNamed(document, composite);
}

const tables: Readonly<Record<string, string>> = {
  frames: "Frame",
  notes: "Note",
  constants: "Constant",
  composites: "Composite",
  inputs: "Input",
  outputs: "Output",
  params: "Published parameter",
};
const fields: Readonly<Record<string, string>> = {
  name: "Name of the graph",
  description: "Description",
  title: "Title",
};

/** "Resize", "Wire data.image → resize.image", "Frame Encoders". */
export function ownerText({ composite, table, id }: Place, documents: readonly GraphDocument[]): string {
  if (id === undefined) return fields[table] ?? table;
  if (table === "wires") return `Wire ${id}`;
  if (table === "nodes") return nodeTitle(documents, composite, id);
  const entries = documents.map((document) => entryTitle(levelOf(document, composite), table, id));
  return `${tables[table] ?? table} ${entries.find(Boolean) ?? id}`;
}

function entryTitle(level: object | undefined, table: string, id: string): string | undefined {
  const entries = (level as Readonly<Record<string, Readonly<Record<string, { title?: string }>>>> | undefined)?.[
    table
  ];
  return entries?.[id]?.title;
}

/** How a node is called: its title, that of its type, or its id. */
export function nodeTitle(documents: readonly GraphDocument[], composite: string | undefined, id: string): string {
  for (const document of documents) {
    const node = levelOf(document, composite)?.nodes[id];
    if (node) return node.title ?? typeTitle(document, node.type);
  }
  return id;
}

export function typeTitle(document: GraphDocument, type: string): string {
  const composite = compositeIdOf(type);
  if (composite !== undefined) return compositeNamed(document, composite)?.title ?? composite;
  return typeOf(type)?.title ?? type;
}

const typeOf = (type: string): NodeDefinition | undefined =>
  Object.hasOwn(registry, type) ? (registry as Readonly<Record<string, NodeDefinition>>)[type] : undefined;

/** "Width", "Remark": what of a node. */
export function fieldText({ composite, id, field, isParam }: Place, documents: readonly GraphDocument[]): string {
  if (field === undefined) return "";
  if (!isParam)
    return (
      { note: "Remark", off: "Off", pin: "Kept result", pins: "Kept results inside", version: "Version of its type" }[
        field
      ] ?? field
    );
  const type = typeAt(documents, composite, id ?? "");
  const label = type?.params[field]?._zod
    ? (type.params[field] as { meta?(): { label?: string } }).meta?.()?.label
    : undefined;
  return label ?? field;
}

function typeAt(documents: readonly GraphDocument[], composite: string | undefined, id: string) {
  for (const document of documents) {
    const node = levelOf(document, composite)?.nodes[id];
    if (node) return typeOf(node.type);
  }
  return undefined;
}

/** A value in a line; of a parameter that has none, its default. */
export function valueText(value: unknown, place: Place, documents: readonly GraphDocument[]): string {
  if (value === undefined) {
    if (!place.isParam) return "none";
    const type = typeAt(documents, place.composite, place.id ?? "");
    const schema = type && Object.hasOwn(type.params, place.field ?? "") ? type.params[place.field ?? ""] : undefined;
    const parsed = (schema as { safeParse?(v: unknown): { success: boolean; data?: unknown } })?.safeParse?.(undefined);
    return parsed?.success && parsed.data !== undefined ? `${plain(parsed.data)} (default)` : "default";
  }
  return plain(value);
}

function plain(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}

/** Changes of one owner together, in their order. */
export function byOwner(changes: readonly Change[]): { key: string; place: Place; changes: Change[] }[] {
  const owners = new Map<string, { key: string; place: Place; changes: Change[] }>();
  for (const change of changes) {
    const { composite, table, id } = placeOf(change.path);
    const key = JSON.stringify([composite, table, id]);
    const owner = owners.get(key) ?? { key, place: { composite, table, id, isParam: false }, changes: [] };
    owner.changes.push(change);
    owners.set(key, owner);
  }
  return [...owners.values()];
}
