/** What a sweep, or the command line, can set beside parameters of nodes: the constants of the graph. */
import * as z from "zod";
import { constantsFor } from "./constants";
import type { Constant, GraphDocument } from "./document";
import { flattened } from "./flatten";
import { definitionOf, type Registry } from "./resolve";
import { constantsHolder, madeAt, nodesLeadingTo, type SweepMetric } from "./sweep";

/** A node, or the table of constants as if it were one: what can be set there, by name. */
export interface Settable {
  title: string;
  params: Readonly<Record<string, unknown>>;
}

export function settableAt(document: GraphDocument, node: string, registry: Registry): Settable | undefined {
  return node === constantsHolder ? constantsAsNode(document) : definitionOf(document, node, registry);
}

/** Nothing where the graph has no constants. */
export function constantsAsNode({ constants = {} }: GraphDocument): Settable | undefined {
  const entries = Object.entries(constants).map(([name, constant]) => [name, schemaOf(constant).meta({ label: name })]);
  return entries.length ? { title: "Constants", params: Object.fromEntries(entries) } : undefined;
}

/** A number that is whole stays so: what refers to it mostly counts something. */
function schemaOf(constant: Constant): z.ZodType {
  if (constant.kind === "choice") return z.enum(constant.choices).default(constant.value);
  if (constant.kind === "text") return z.string().max(5000).default(constant.value);
  return (Number.isInteger(constant.value) ? z.int() : z.number()).default(constant.value);
}

/** Which of the places where something can be set have an effect on a metric. */
export function reachOf(
  document: GraphDocument,
  metric: Pick<SweepMetric, "node" | "port">,
): (node: string, param: string) => boolean {
  const leading = nodesLeadingTo(document, metric.node);
  let referredTo: ReadonlySet<string> | undefined;
  return (node, param) => {
    if (node !== constantsHolder) return leading.has(node);
    referredTo ??= constantsLeadingTo(document, metric);
    return referredTo.has(param);
  };
}

/** The constants that nodes refer to which a metric depends on, inside of instances too. */
function constantsLeadingTo(document: GraphDocument, metric: Pick<SweepMetric, "node" | "port">): Set<string> {
  const flat = flattened(document);
  const leading = nodesLeadingTo(flat.document, madeAt(document, { node: metric.node, port: metric.port }).node);
  const used = [...flat.constants].flatMap(([id, params]) => (leading.has(id) ? Object.values(params).flat() : []));
  return new Set(used);
}

/** The nodes of the graph, instances among them, that what is set there is a part of. */
export function nodesSetBy(document: GraphDocument, node: string, param: string): string[] {
  if (node !== constantsHolder) return [node];
  return Object.entries(document.nodes).flatMap(([id, each]) =>
    Object.hasOwn(constantsFor(document, { [id]: each }), param) ? [id] : [],
  );
}
