/** The parameters that a sweep can vary and the outputs it can compare by, and an axis while it is written. */
import type { Port } from "#nodes/core/ports";
import { constantIn, constantNamed } from "#nodes/graph/constants";
import type { GraphDocument } from "#nodes/graph/document";
import { constantsAsNode } from "#nodes/graph/settable";
import { constantsHolder, parseValues, type SweepAxis, type SweepSpec } from "#nodes/graph/sweep";
import { definitionOf as definitionIn } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { definitionOf } from "../context";
import { type Field, fieldsIn, fieldsOf } from "../widgets/describe";
import { canVary, isNumber, type Option, optionsOf } from "./can-vary";

/** What stands in the fields of one axis. */
export interface AxisDraft {
  node: string;
  field: Field;
  /** Values, separated by commas. */
  text: string;
  /** The options that are on, of a parameter that has options. */
  picked: readonly Option[];
  /** A range instead of a list; for random search only. */
  ranged: boolean;
  min: string;
  max: string;
  log: boolean;
}

/** A node with those of its parameters that can be varied. */
export interface Variable {
  node: string;
  title: string;
  fields: Field[];
}

/** An output by which runs can be compared. */
export interface Metric {
  node: string;
  port: string;
  /** "node.port". */
  endpoint: string;
  type: "number" | "series";
  label: string;
}

/** What a sweep can vary: constants, then parameters by node; chosen nodes first. */
export function variables(document: GraphDocument, chosen: readonly string[]): Variable[] {
  return [...constantVariables(document), ...nodeVariables(document, chosen)];
}

/** The graph's constants, as if they were the parameters of a node. */
function constantVariables(document: GraphDocument): Variable[] {
  const constants = constantsAsNode(document);
  return constants ? [{ node: constantsHolder, title: constants.title, fields: fieldsIn(constants.params) }] : [];
}

function nodeVariables(document: GraphDocument, chosen: readonly string[]): Variable[] {
  return Object.entries(document.nodes)
    .flatMap(([node, { type, title }]) => {
      const definition = definitionOf(type) ?? definitionIn(document, node, registry);
      const fields = definition ? fieldsOf(definition).filter(canVary) : [];
      return definition && fields.length ? [{ node, title: title ?? definition.title, fields }] : [];
    })
    .sort((a, b) => Number(chosen.includes(b.node)) - Number(chosen.includes(a.node)));
}

/**
 * The numbers and series by which runs can be compared. First those of nodes that give nothing but numbers, since they
 * measure something; then series; last numbers on the side.
 */
export function metrics(document: GraphDocument): Metric[] {
  const ranked = Object.keys(document.nodes).flatMap((node) => rankedMetrics(document, node));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ metric }) => metric);
}

function rankedMetrics(document: GraphDocument, node: string): { metric: Metric; rank: number }[] {
  const { type: nodeType, title } = document.nodes[node] ?? {};
  const definition = definitionOf(nodeType) ?? definitionIn(document, node, registry);
  const outputs = Object.entries<Port>(definition?.outputs ?? {});
  const measures = outputs.every(([, { type }]) => type === "number");
  return outputs.flatMap(([port, { type }]) => {
    if (type !== "number" && type !== "series") return [];
    const label = `${title ?? definition?.title} · ${port}`;
    const rankOfOther = type === "series" ? 1 : 2;
    return [{ metric: { node, port, endpoint: `${node}.${port}`, type, label }, rank: measures ? 0 : rankOfOther }];
  });
}

/** A parameter as it is first offered: the value that it has, and others around it. */
export function draftAxis(document: GraphDocument, node: string, field: Field): AxisDraft {
  const set = document.nodes[node]?.params[field.name];
  const constant = constantNamed(document, constantIn(set) ?? "");
  const now = (constant ? constant.value : set) ?? field.fallback;
  const value = Number(now);
  const within = (n: number) => clamped(field, n);
  const others = field.widget === "seed" ? [value + 1, value + 2] : [value / 2, value * 2];
  const near = new Set([value, ...others].map(within));
  const options = optionsOf(field) ?? [];
  const wide = field.integer ? 2 : 10;
  return {
    node,
    field,
    picked: [...options].sort((a, b) => Number(b === now) - Number(a === now)),
    text: isNumber(field) ? [...near].join(", ") : String(now ?? ""),
    ranged: isNumber(field),
    min: String(within(value / wide)),
    max: String(within(value * wide)),
    log: !field.integer && value > 0,
  };
}

/** A number that the field takes, near the given one. */
function clamped({ min, max, integer }: Field, value: number): number {
  const rounded = integer ? Math.round(value) : Number(value.toPrecision(4));
  return Math.min(max ?? Number.POSITIVE_INFINITY, Math.max(min ?? Number.NEGATIVE_INFINITY, rounded));
}

/** An axis as it is sent; what is no number stays NaN, which the check of the sweep refuses. */
export function axisOf(draft: AxisDraft, mode: SweepSpec["mode"]): SweepAxis {
  const { node, field } = draft;
  const target = { node, param: field.name };
  if (mode === "random" && draft.ranged && isNumber(field))
    return {
      ...target,
      min: numberIn(draft.min),
      max: numberIn(draft.max),
      scale: draft.log ? "log" : "linear",
    };
  if (optionsOf(field)) return { ...target, values: [...draft.picked] };
  const values = isNumber(field) ? parseValues(draft.text) : draft.text.split(",").map((text) => text.trim());
  return { ...target, values };
}

const numberIn = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));
