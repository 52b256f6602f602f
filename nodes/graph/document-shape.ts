/**
 * What a document is made of for those who compare and merge documents: which parts are one value each, and which are
 * tables whose entries are told apart by name. Fields that are not named here are tables of entries with fields, or
 * one value, as they look: whatever a document may come to hold is compared and merged without a change here.
 */
import { endpointKey, type Wire } from "./document";

/** `place` is how something lies on the canvas: it means nothing, and who moved it last is right. */
export type Shape = "value" | "place" | "wires" | "table" | { fields: Readonly<Record<string, Shape>>; others: Shape };

/** An object whose fields are values each, as a node's parameters are. */
const values: Shape = { fields: {}, others: "value" };
/** How something is drawn, and where. */
const look = {
  position: "place",
  size: "place",
  collapsed: "place",
  locked: "place",
  shut: "place",
  via: "place",
} as const;
/** An entry of a table: what lies in a field of it is one value. */
const entry: Shape = { fields: look, others: "value" };
const node: Shape = { fields: { ...look, params: values, pins: values }, others: "value" };
const nodes: Shape = { fields: {}, others: node };
const composite: Shape = {
  fields: { nodes, wires: "wires", inputs: values, outputs: values, params: values, origin: "value" },
  others: "table",
};

/** A document as a whole. */
export const documentShape: Shape = {
  fields: { schema: "place", template: "place", nodes, wires: "wires", composites: { fields: {}, others: composite } },
  others: "table",
};

export type Table = ReadonlyMap<string, unknown>;

/** A wire's name: its ends. */
export const wireKey = ({ from, to }: Wire): string => `${endpointKey(from)} → ${endpointKey(to)}`;

/** A value as a table; nothing where it is one value. */
export function tableOf(shape: Shape, value: unknown): Table | undefined {
  if (shape === "value" || shape === "place" || typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  if (shape === "wires") return uniquely(value as Wire[], wireKey);
  return shape === "table" && value.every(isNamed) ? uniquely(value as { id: string }[], ({ id }) => id) : undefined;
}

/** What a table was before, a list or an object, as `like` is. */
export function fromTable(table: Table, like: unknown): unknown {
  return Array.isArray(like) ? [...table.values()] : Object.fromEntries(table);
}

/** The shape of an entry of a table. */
export function shapeWithin(shape: Shape, name: string): Shape {
  if (typeof shape === "object")
    return Object.hasOwn(shape.fields, name) ? (shape.fields[name] ?? "value") : shape.others;
  return shape === "table" || shape === "wires" ? entry : "value";
}

/** Equal as JSON is, whatever the order of names; a name without a value is none. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [a, b] = [one as Readonly<Record<string, unknown>>, other as Readonly<Record<string, unknown>>];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => isSame(ownValue(a, name), ownValue(b, name)));
}

/** A value with the parts of another in it wherever they are the same: what did not change keeps its identity. */
export function sharedWith<T>(known: unknown, value: T): T {
  if (Object.is(known, value) || typeof value !== "object" || typeof known !== "object" || !value || !known)
    return value;
  if (Array.isArray(value) !== Array.isArray(known)) return value;
  const before = known as Readonly<Record<string, unknown>>;
  const entries = Object.entries(value).map(
    ([name, part]) => [name, sharedWith(ownValue(before, name), part)] as const,
  );
  const isUnchanged =
    Object.keys(before).length === entries.length &&
    entries.every(([name, part]) => Object.hasOwn(before, name) && Object.is(before[name], part));
  if (isUnchanged) return known as T;
  return (Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries)) as T;
}

function ownValue(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

const isNamed = (value: unknown): boolean => typeof (value as { id?: unknown } | null)?.id === "string";

function uniquely<T>(list: readonly T[], nameOf: (item: T) => string): Table | undefined {
  const table = new Map(list.map((item) => [nameOf(item), item]));
  return table.size === list.length ? table : undefined;
}
