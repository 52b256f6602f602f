import * as z from "zod";

/** Where a node's tensors are found in a checkpoint: what stands before their names. "." is nothing at all. */
export const scopeParam = (usual: string, called: "parameters" | "tensors" = "parameters") =>
  z
    .string()
    .max(64)
    .regex(/^[\w.-]*$/, "letters, digits, dots, - and _")
    .default(usual)
    .meta({ description: `Prefix of its ${called} in a checkpoint.` });
