/**
 * Constants of a graph: values with a name, to which parameters refer. A parameter's value, or a part of it such as a
 * cell of a table, that is `{"$": "width"}` is that of the constant "width".
 */
import { cleanText } from "#models/files/text";
import { compositesWithin, compositesIn } from "./composites";
import type { Constant, GraphDocument, GraphNode } from "./document";
import { isNodeId } from "./document";

export type Constants = Readonly<Record<string, Constant>>;
type Json = GraphNode["params"][string];
type Params = GraphNode["params"];
type Holder = Pick<GraphDocument, "nodes" | "composites">;

/** What a parameter says that has the value of a constant. */
export const referenceTo = (name: string): Json => ({ $: name });

/** The constant that a value refers to, by its name. */
export function constantIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { $: name, ...others } = value as Record<string, unknown>;
  return typeof name === "string" && !Object.keys(others).length ? name : undefined;
}

/** The constants that a value, or what lies in it, refers to. */
export function constantsIn(value: unknown): string[] {
  const name = constantIn(value);
  if (name !== undefined) return [name];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(constantsIn) : [];
}

// Parameters are never changed in place, and the editor checks on every key.
const namesOf = new WeakMap<Params, Readonly<Record<string, readonly string[]>>>();

/** The constants that parameters refer to, by parameter. */
export function constantsOf(params: Params): Readonly<Record<string, readonly string[]>> {
  const known = namesOf.get(params);
  if (known) return known;
  const entries = Object.entries(params).flatMap(([param, value]) => {
    const names = constantsIn(value);
    return names.length ? [[param, names] as const] : [];
  });
  const found = Object.fromEntries(entries);
  namesOf.set(params, found);
  return found;
}

/** A value with those of constants in the place of what refers to them; what refers to none that is there stays. */
export function valueWith(constants: Constants, value: Json): Json {
  const name = constantIn(value);
  if (name !== undefined) return Object.hasOwn(constants, name) ? (constants[name] as Constant).value : value;
  return mapped(value, (inner) => valueWith(constants, inner));
}

/** Parameters with the values of constants; the same object where they refer to none. */
export function paramsWith(constants: Constants, params: Params): Params {
  return Object.keys(constantsOf(params)).length ? (valueWith(constants, params) as Params) : params;
}

/** The document with a constant, which is new or has another value now. */
export function setConstant(document: GraphDocument, name: string, constant: Constant): GraphDocument {
  if (!isNodeId(name)) return document;
  const cleaned = typeof constant.value === "string" ? { ...constant, value: cleanText(constant.value) } : constant;
  return { ...document, constants: { ...document.constants, [name]: cleaned as Constant } };
}

/** Sets the value alone; one that is not of the constant's kind changes nothing. */
export function setConstantValue(document: GraphDocument, name: string, value: unknown): GraphDocument {
  const constant = constantNamed(document, name);
  if (!constant || reasonAgainstValue(constant, value) !== undefined) return document;
  return setConstant(document, name, { ...constant, value } as Constant);
}

/** Why a constant cannot have a value; nothing where it can. */
export function reasonAgainstValue(constant: Constant, value: unknown): string | undefined {
  if (constant.kind === "number") return Number.isFinite(value) ? undefined : "It is a number.";
  if (typeof value !== "string") return "It is a text.";
  if (constant.kind === "text" || constant.choices.includes(value)) return undefined;
  return `It is one of ${constant.choices.join(", ")}.`;
}

/** Renames a constant, with all that refers to it. A name that is taken, or none, changes nothing. */
export function renameConstant(document: GraphDocument, from: string, to: string): GraphDocument {
  const name = cleanText(to).trim();
  const { constants = {} } = document;
  if (!Object.hasOwn(constants, from) || Object.hasOwn(constants, name) || !isNodeId(name)) return document;
  const entries = Object.entries(constants).map(([each, constant]) => [each === from ? name : each, constant]);
  const renamed = replaceIn(document, (each) => (each === from ? referenceTo(name) : undefined));
  return { ...renamed, constants: Object.fromEntries(entries) };
}

/** Takes a constant away; what referred to it has its value. */
export function removeConstant(document: GraphDocument, name: string): GraphDocument {
  const constant = constantNamed(document, name);
  if (!constant) return document;
  const inlined = replaceIn(document, (each) => (each === name ? constant.value : undefined));
  return withConstants(
    inlined,
    Object.fromEntries(Object.entries(inlined.constants ?? {}).filter(([n]) => n !== name)),
  );
}

/** The document with this table of constants, and no table where it is empty. */
export function withConstants(document: GraphDocument, table: Constants): GraphDocument {
  const { constants: _, ...rest } = document;
  return Object.keys(table).length ? { ...rest, constants: { ...table } } : rest;
}

export function constantNamed({ constants }: Pick<GraphDocument, "constants">, name: string): Constant | undefined {
  return constants && Object.hasOwn(constants, name) ? constants[name] : undefined;
}

/** Where a constant is used: nodes and their parameters, and the composite that they lie in, if any. */
export interface Use {
  composite?: string;
  node: string;
  param: string;
}

export function usesOf({ nodes, composites = {} }: Holder, name: string): Use[] {
  const usesIn = (level: GraphDocument["nodes"], place: Pick<Use, "composite">): Use[] =>
    Object.entries(level).flatMap(([node, { params }]) =>
      Object.entries(constantsOf(params)).flatMap(([param, names]) =>
        names.includes(name) ? [{ ...place, node, param }] : [],
      ),
    );
  const inside = Object.entries(composites).flatMap(([composite, each]) => usesIn(each.nodes, { composite }));
  return [...usesIn(nodes, {}), ...inside];
}

/** The constants of a document that some nodes, and the composites in them, refer to. */
export function constantsFor(document: GraphDocument, nodes: GraphDocument["nodes"]): Constants {
  const composites = Object.values(compositesWithin(document, compositesIn(nodes)));
  const levels = [nodes, ...composites.map((composite) => composite.nodes)];
  const names = levels.flatMap((level) =>
    Object.values(level).flatMap(({ params }) => Object.values(constantsOf(params)).flat()),
  );
  const entries = [...new Set(names)].flatMap((name) => {
    const constant = constantNamed(document, name);
    return constant ? [[name, constant] as const] : [];
  });
  return Object.fromEntries(entries);
}

/**
 * A part of a graph with what refers to constants replaced: by what `replacement` gives for their names, and left where
 * that gives nothing. What refers to none stays the same object.
 */
export function replaceIn<H extends Holder>(holder: H, replacement: (name: string) => Json | undefined): H {
  const nodes = replacedNodes(holder.nodes, replacement);
  if (!holder.composites) return { ...holder, nodes };
  const composites = Object.entries(holder.composites).map(([id, composite]) => {
    const inside = replacedNodes(composite.nodes, replacement);
    return [id, inside === composite.nodes ? composite : { ...composite, nodes: inside }];
  });
  return { ...holder, nodes, composites: Object.fromEntries(composites) };
}

function replacedNodes(
  nodes: GraphDocument["nodes"],
  replacement: (name: string) => Json | undefined,
): GraphDocument["nodes"] {
  const isTouched = ({ params }: GraphNode) =>
    Object.values(constantsOf(params)).some((names) => names.some((name) => replacement(name) !== undefined));
  if (!Object.values(nodes).some(isTouched)) return nodes;
  const entries = Object.entries(nodes).map(([id, node]) => [
    id,
    isTouched(node) ? { ...node, params: replacedValue(node.params, replacement) as Params } : node,
  ]);
  return Object.fromEntries(entries);
}

function replacedValue(value: Json, replacement: (name: string) => Json | undefined): Json {
  const name = constantIn(value);
  if (name !== undefined) return replacement(name) ?? value;
  return mapped(value, (inner) => replacedValue(inner, replacement));
}

/** A list or an object with each of its values replaced; any other value as it is. */
function mapped(value: Json, replacement: (inner: Json) => Json): Json {
  if (Array.isArray(value)) return value.map(replacement);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replacement(inner)]));
}
