import * as z from "zod";
import type { Inspect, NodeDefinition, Widget } from "#nodes/core/node";

/** What a form needs to know of a parameter, or of a column of a table; read once from its zod schema. */
export interface Field {
  name: string;
  label: string;
  widget: Widget;
  description?: string;
  unit?: string;
  advanced: boolean;
  placeholder?: string;
  /** Shown only while each of these parameters has one of these values. */
  when?: Readonly<Record<string, readonly string[]>>;
  integer: boolean;
  min?: number;
  max?: number;
  maxLength?: number;
  options: readonly string[];
  /** Of a table: what each row holds, and how many rows there may be. */
  columns: readonly Field[];
  maxRows?: number;
  /** May be left empty. */
  optional: boolean;
  fallback: unknown;
  /** How files that are chosen for it are read before they are sent. */
  inspect?: Inspect;
}

interface Json {
  type?: string;
  enum?: string[];
  items?: Json;
  properties?: Record<string, Json>;
  required?: string[];
  maxItems?: number;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  default?: unknown;
  description?: string;
  label?: string;
  widget?: Widget;
  unit?: string;
  advanced?: boolean;
  placeholder?: string;
  when?: Readonly<Record<string, readonly string[]>>;
}

/** The widget that a type asks for by itself. */
function widgetOf({
  type,
  enum: options,
  items,
  minimum = Number.NEGATIVE_INFINITY,
  maximum = Number.POSITIVE_INFINITY,
}: Json): Widget {
  if (options) return "select";
  if (items?.enum) return "multiselect";
  if (items?.properties) return "table";
  if (type === "boolean") return "toggle";
  if (type === "number" && minimum >= 0 && maximum <= 1) return "slider";
  if (type === "number" || type === "integer") return "number";
  return type === "array" ? "list" : "text";
}

const spaced = (name: string): string => {
  const words = name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

const known = new WeakMap<NodeDefinition, Field[]>();
/** The fields of a node's form, in the order of its parameters. */
export function fieldsOf(definition: NodeDefinition): Field[] {
  const found = known.get(definition);
  if (found) return found;
  const fields = fieldsIn(definition.params, definition.inspect);
  known.set(definition, fields);
  return fields;
}

/** The fields of a form of these parameters. */
export function fieldsIn(params: Readonly<Record<string, unknown>>, inspect: NodeDefinition["inspect"] = {}): Field[] {
  return Object.entries(params as Record<string, z.ZodType>).map(([name, schema]) => ({
    ...fieldOf(name, z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Json),
    inspect: inspect[name],
  }));
}

/** The fields that mean something with a node's parameters as they are. */
export function shownFields(fields: readonly Field[], params: Readonly<Record<string, unknown>>): Field[] {
  const valueOf = (name: string) => params[name] ?? fields.find((field) => field.name === name)?.fallback;
  return fields.filter(({ when = {} }) =>
    Object.entries(when).every(([name, values]) => values.includes(String(valueOf(name)))),
  );
}

function fieldOf(name: string, json: Json, optional = false): Field {
  const { properties = {}, required = [] } = json.items ?? {};
  return {
    name,
    label: json.label ?? spaced(name),
    widget: json.widget ?? widgetOf(json),
    description: json.description,
    unit: json.unit,
    advanced: json.advanced ?? false,
    placeholder: json.placeholder,
    when: json.when,
    integer: json.type === "integer",
    min: bounded(json.minimum),
    max: bounded(json.maximum),
    maxLength: json.maxLength,
    options: json.enum ?? json.items?.enum ?? [],
    columns: Object.entries(properties).map(([column, of]) =>
      fieldOf(column, of, !required.includes(column) && of.default === undefined),
    ),
    maxRows: json.maxItems,
    optional,
    fallback: json.default,
  };
}
/** zod bounds every integer by what is safe; that is no bound a person meant. */
const bounded = (n: number | undefined): number | undefined =>
  n === undefined || Math.abs(n) >= Number.MAX_SAFE_INTEGER ? undefined : n;
