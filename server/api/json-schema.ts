/** Schemas of parameters as JSON Schema. */
import * as z from "zod";

export type JsonSchema = Record<string, z.core.util.JSONType>;

/** What a value must be that is sent. What JSON Schema has no word for is left open. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...written } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  // What refers to itself would refer into another document here.
  return JSON.stringify(written).includes('"$ref"') ? {} : (written as unknown as JsonSchema);
}
