/** Where a node's tensors are found in a checkpoint: a scope, and the names behind it. */
import * as z from "zod";

const rule = "letters, digits, dots, - and _";
const letters = z.string().max(64);

/** What stands before the names of a node's tensors; "." is nothing at all. */
export const scopeParam = (usual: string, called: "parameters" | "parameter" | "tensors" | "count" = "parameters") =>
  letters
    .regex(/^[\w.-]*$/, rule)
    .default(usual)
    .meta({ description: `Prefix of its ${called} in a checkpoint; a dot: none.` });

/** What a tensor is called behind the scope. */
export const tensorNameParam = (usual: string, description: string, { advanced = false } = {}) =>
  letters
    .regex(/^[\w.-]+$/, rule)
    .default(usual)
    .meta({ description, ...(advanced && { advanced }) });
