import * as z from "zod";
import type { NodeDefinition, ParamValues, Params } from "../core/node";
import type { GraphNode } from "./document";
import { cutText } from "#models/files/text";
import { errorProblem, type Problem } from "./problem";

/**
 * The parameters of a node as its definition takes them: brought up from the version they were saved with, checked,
 * defaults filled in. What is wrong goes to `problems`; nothing comes back where they cannot be used.
 */
export function resolveParams(
  id: string,
  definition: NodeDefinition,
  node: Pick<GraphNode, "params" | "version">,
  problems: Problem[],
): ParamValues<Params> | undefined {
  const raw = upgradedParams(definition, node);
  problems.push(...unknownParams(id, definition, raw));
  const result = schemaOf(definition.params).safeParse(raw);
  if (!result.success) {
    problems.push(...result.error.issues.map((issue) => badParam(id, definition, issue, raw)));
    return undefined;
  }
  const wrong = definition.check?.(result.data);
  if (wrong) problems.push({ code: "bad-params", severity: "error", node: id, ...wrong });
  return result.data;
}

/** Parameters as the node's type means them today. */
export function upgradedParams(definition: NodeDefinition, { params, version }: Pick<GraphNode, "params" | "version">) {
  let result: Record<string, unknown> = params;
  for (let next = version + 1; next <= definition.version; next++) {
    result = definition.upgrade?.[next]?.(result) ?? result;
  }
  return result;
}

function unknownParams(id: string, definition: NodeDefinition, raw: Record<string, unknown>): Problem[] {
  return Object.keys(raw)
    .filter((name) => !Object.hasOwn(definition.params, name))
    .map((name) => ({
      code: "bad-param",
      severity: "warning",
      node: id,
      param: name,
      message: `${definition.title} has no parameter "${name}"; it is ignored.`,
      hint: `Its parameters are ${Object.keys(definition.params).join(", ") || "none"}.`,
    }));
}

function badParam(id: string, definition: NodeDefinition, issue: z.core.$ZodIssue, raw: object): Problem {
  const value = issue.path.reduce<unknown>(
    (whole, step) => (whole as Record<PropertyKey, unknown> | undefined)?.[step],
    raw,
  );
  const shown = value === undefined ? "missing" : cutText(JSON.stringify(value), 80, "…");
  return errorProblem(
    "bad-param",
    `${definition.title}: ${z.core.toDotPath(issue.path)} is ${shown}. ${issue.message}.`,
    "Correct it in the inspector.",
    { node: id, param: String(issue.path[0] ?? "") },
  );
}

// zod compiles an object when it is first used, and the editor checks on every key.
const schemas = new WeakMap<Params, z.ZodObject<Params>>();
function schemaOf(params: Params): z.ZodObject<Params> {
  const schema = schemas.get(params) ?? z.object(params);
  schemas.set(params, schema);
  return schema;
}
