import type { Port } from "#nodes/core/ports";
import type { GraphDocument } from "#nodes/graph/document";
import { type Assignment, parseValues, type SweepAxis } from "#nodes/graph/sweep";
import { definitionOf } from "./context";
import { type Field, fieldsOf } from "./widgets/describe";

type Json = Assignment[string];
/** A parameter of a sweep while it is written: what stands in its fields. */
export interface AxisDraft {
  node: string;
  field: Field;
  /** Values, separated by commas. */
  text: string;
  /** The options that are on, of a parameter that has options. */
  picked: readonly Json[];
  /** A range instead of a list; for random search only. */
  ranged: boolean;
  min: string;
  max: string;
  log: boolean;
}

const numbers: readonly Field["widget"][] = ["number", "slider", "seed"];
const words: readonly Field["widget"][] = ["text", "textarea"];
export const isNumber = ({ widget }: Field): boolean => numbers.includes(widget);
/** What a parameter can be where there are only a few ways. */
export const optionsOf = ({ widget, options }: Field): readonly Json[] | undefined =>
  widget === "toggle" ? [false, true] : widget === "select" ? options : undefined;
const canVary = (field: Field): boolean =>
  isNumber(field) || words.includes(field.widget) || optionsOf(field) !== undefined;

/** The parameters that a sweep can vary, by node; chosen nodes first. */
export function variable(
  document: GraphDocument,
  chosen: readonly string[],
): { node: string; title: string; fields: Field[] }[] {
  return Object.entries(document.nodes)
    .flatMap(([node, { type, title }]) => {
      const definition = definitionOf(type);
      const fields = definition ? fieldsOf(definition).filter(canVary) : [];
      return definition && fields.length ? [{ node, title: title ?? definition.title, fields }] : [];
    })
    .sort((a, b) => Number(chosen.includes(b.node)) - Number(chosen.includes(a.node)));
}

/** The numbers and series by which runs can be compared. First those of nodes that give nothing but numbers: they measure something; last numbers on the side. */
export function metrics(
  document: GraphDocument,
): { node: string; port: string; type: "number" | "series"; label: string }[] {
  return Object.entries(document.nodes)
    .flatMap(([node, { type, title }]) => {
      const definition = definitionOf(type);
      const outputs = Object.entries<Port>(definition?.outputs ?? {});
      const measures = outputs.every(([, o]) => o.type === "number");
      return outputs.flatMap(([port, o]) =>
        o.type === "number" || o.type === "series"
          ? [
              {
                node,
                port,
                type: o.type,
                label: `${title ?? definition?.title} · ${port}`,
                rank: measures ? 0 : o.type === "series" ? 1 : 2,
              },
            ]
          : [],
      );
    })
    .sort((a, b) => a.rank - b.rank);
}

/** A parameter as it is first offered: values around the one it has. */
export function draftOf(document: GraphDocument, node: string, field: Field): AxisDraft {
  const now = document.nodes[node]?.params[field.name] ?? (field.fallback as Json);
  const value = Number(now);
  const within = (n: number) =>
    Math.min(field.max ?? n, Math.max(field.min ?? n, field.integer ? Math.round(n) : Number(n.toPrecision(4))));
  const near = field.widget === "seed" ? [0, 1, 2] : [...new Set([value / 2, value, value * 2].map(within))];
  const wide = field.integer ? 2 : 10;
  return {
    node,
    field,
    picked: optionsOf(field) ?? [],
    text: isNumber(field) ? near.join(", ") : String(now ?? ""),
    ranged: isNumber(field),
    min: String(within(value / wide)),
    max: String(within(value * wide)),
    log: !field.integer && value > 0,
  };
}

export function axisOf(
  { node, field, text, picked, ranged, min, max, log }: AxisDraft,
  mode: "grid" | "random",
): SweepAxis {
  const at = { node, param: field.name };
  if (mode === "random" && ranged && isNumber(field))
    return {
      ...at,
      min: min.trim() === "" ? Number.NaN : Number(min),
      max: max.trim() === "" ? Number.NaN : Number(max),
      scale: log ? "log" : "linear",
    };
  if (optionsOf(field)) return { ...at, values: [...picked] };
  return { ...at, values: isNumber(field) ? parseValues(text) : text.split(",").map((t) => t.trim()) };
}
