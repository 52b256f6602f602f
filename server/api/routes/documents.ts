/** The API's own descriptions: of all of it, and of one graph with its parameters and outputs typed. */
import * as z from "zod";
import { namedVersion } from "../versions";
import { answers } from "../answers";
import { graphOpenApi, openApi } from "../open-api";
import { defineRoute, type Route } from "../route";
import { id } from "../schemas";
import { refuseUnknown, versionIn } from "./graphs";

const document = {
  200: {
    description: "An OpenAPI 3.1 document",
    content: { "application/json": { schema: z.looseObject({ openapi: z.string() }).meta({ id: "OpenApi" }) } },
  },
};
const tags = ["Documents"];

/** The routes that describe these, and themselves, before them. */
export function documentRoutes(others: readonly Route[]): readonly Route[] {
  const all: readonly Route[] = [wholeDocument(() => all), graphDocument(() => all), ...others];
  return all;
}

function wholeDocument(all: () => readonly Route[]): Route {
  return defineRoute({
    method: "get",
    path: "/openapi.json",
    operation: { operationId: "getOpenApi", summary: "This document", tags, responses: answers(document) },
    async handle({ allow }) {
      await allow("see", { kind: "installation" });
      return Response.json(openApi(all()));
    },
  });
}

function graphDocument(all: () => readonly Route[]): Route {
  return defineRoute({
    method: "get",
    path: "/graphs/{id}/openapi.json",
    params: z.object({ id }),
    query: z.object({ version: z.string().max(100).optional() }),
    operation: {
      operationId: "getGraphOpenApi",
      summary: "The document of one graph",
      description: "How it is run, with the parameters and outputs of a named version typed.",
      tags,
      responses: answers(document),
    },
    async handle({ db, params, query, allow }) {
      await allow("see", { kind: "graph", id: params.id });
      await refuseUnknown(db, params.id);
      const version = await namedVersion(db, params.id, versionIn(query.version));
      return Response.json(graphOpenApi(all(), version));
    },
  });
}
