/** What can be set of a graph from outside: parameters of its nodes as "node.param", constants as "$.name". */
import * as z from "zod";
import { cutText } from "#models/files/text";
import type { Inspect, NodeDefinition } from "#nodes/core/node";
import { constantIn, constantNamed, reasonAgainstValue } from "#nodes/graph/constants";
import type { GraphDocument } from "#nodes/graph/document";
import { definitionOf } from "#nodes/graph/resolve";
import { settableAt } from "#nodes/graph/settable";
import { type Assignment, constantsHolder, placeNamed, withAssignment } from "#nodes/graph/sweep";
import { titleIn } from "../graphs/ready";
import { registry } from "#nodes/registry.gen";
import { Refusal } from "./problem";

export type Json = z.core.util.JSONType;

/** A place where a value can be set. */
export interface Parameter {
  schema: z.ZodType;
  title: string;
  /** What it is in the document; nothing where it is left to the node. */
  value?: Json;
  /** Files are sent for it. */
  file?: "one" | "several";
  inspect?: Inspect;
}

/** All that can be set, in the order of the nodes. */
export function parametersOf(document: GraphDocument): Map<string, Parameter> {
  const found = new Map<string, Parameter>();
  for (const holder of [constantsHolder, ...Object.keys(document.nodes)]) {
    const settable = settableAt(document, holder, registry);
    for (const param of Object.keys(settable?.params ?? {})) {
      const parameter = parameterAt(document, holder, param);
      if (parameter) found.set(`${holder}.${param}`, parameter);
    }
  }
  return found;
}

function parameterAt(document: GraphDocument, holder: string, param: string): Parameter | undefined {
  const settable = settableAt(document, holder, registry);
  if (!settable || !Object.hasOwn(settable.params, param)) return undefined;
  const schema = settable.params[param] as z.ZodType;
  const { label, widget } = (z.globalRegistry.get(schema) ?? {}) as { label?: string; widget?: string };
  if (holder === constantsHolder) return { schema, title: param, value: constantNamed(document, param)?.value };
  const title = `${titleIn(document, holder)}: ${label ?? param}`;
  const given = document.nodes[holder]?.params[param];
  const constant = constantIn(given);
  const value = constant === undefined ? given : constantNamed(document, constant)?.value;
  return { schema, title, value, ...filesOf(widget), ...inspectOf(document, holder, param) };
}

function filesOf(widget: string | undefined): Pick<Parameter, "file"> {
  if (widget === "images") return { file: "several" };
  return widget === "upload" ? { file: "one" } : {};
}

function inspectOf(document: GraphDocument, holder: string, param: string): Pick<Parameter, "inspect"> {
  const definition: NodeDefinition | undefined = definitionOf(document, holder, registry);
  const inspect = definition?.inspect;
  return { inspect: inspect && Object.hasOwn(inspect, param) ? inspect[param] : undefined };
}

/** The parameter of that name, or a refusal that says which ones there are. */
export function parameterNamed(document: GraphDocument, name: string): Parameter {
  const { node, param } = placeNamed(name);
  const parameter = parameterAt(document, node, param);
  if (parameter) return parameter;
  const isNode = node === constantsHolder || Object.hasOwn(document.nodes, node);
  const known = [...parametersOf(document).keys()].filter((each) => !isNode || each.startsWith(`${node}.`));
  const shown = cutText(name, 80, "…");
  throw new Refusal(422, {
    message: `There is no parameter “${shown}” in this version of the graph.`,
    hint: cutText(`There are: ${known.join(", ") || "none"}`, 600, "…"),
    ...(isNode && node !== constantsHolder ? { node, param } : {}),
  });
}

/** The graph with these values, each judged by the schema of its place. */
export function withParameters(document: GraphDocument, values: Assignment): GraphDocument {
  for (const [name, value] of Object.entries(values)) refuseUnfit(document, name, value);
  return withAssignment(document, values);
}

function refuseUnfit(document: GraphDocument, name: string, value: Json): void {
  const { node, param } = placeNamed(name);
  const { schema, title } = parameterNamed(document, name);
  const constant = node === constantsHolder ? constantNamed(document, param) : undefined;
  const reason = constant ? reasonAgainstValue(constant, value) : schema.safeParse(value).error?.issues[0]?.message;
  if (reason === undefined) return;
  throw new Refusal(422, {
    message: `${title} cannot be ${cutText(JSON.stringify(value), 80, "…")}. ${reason}.`,
    hint: "The graph's own OpenAPI document says what each parameter takes.",
    ...(constant ? {} : { node }),
    param,
  });
}
