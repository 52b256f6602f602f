/** Answers as the OpenAPI document lists them. */
import type * as z from "zod";
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from "zod-openapi";
import { problemSchema } from "./problem";

export const jsonOf = (schema: z.ZodType, description = "As asked"): ZodOpenApiResponseObject => ({
  description,
  content: { "application/json": { schema } },
});

const problem: ZodOpenApiResponseObject = {
  description: "What is wrong, where, and what can be done about it",
  content: { "application/problem+json": { schema: problemSchema } },
};

/** The answers of a route, and problems. */
export function answers(good: Readonly<Record<number, ZodOpenApiResponseObject>>): ZodOpenApiResponsesObject {
  return { ...good, "4XX": problem, "5XX": problem };
}

const tooMany: ZodOpenApiResponseObject = {
  ...problem,
  description: "There is too much to do; `Retry-After` says when to ask again",
  headers: { "Retry-After": { schema: { type: "integer" }, description: "Seconds" } },
};

/** The answers of a route that may have too much to do. */
export const answersUnderLoad = (
  good: Readonly<Record<number, ZodOpenApiResponseObject>>,
): ZodOpenApiResponsesObject => ({
  ...answers(good),
  "429": tooMany,
});
