/** The OpenAPI 3.1 documents: of this installation, and of one graph. */
import * as z from "zod";
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from "zod-openapi";
import type { GraphDocument } from "#nodes/graph/document";
import type { PortType } from "#nodes/core/values";
import { definitionOf } from "#nodes/graph/resolve";
import { madeAt } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";
import { jsonOf } from "./answers";
import { apiPath } from "./base";
import { jsonSchemaOf } from "./json-schema";
import { lastOutputs } from "./outputs";
import { type Parameter, parametersOf } from "./parameters";
import { endpointNamed } from "./places";
import type { Route } from "./route";
import { finishedSchema, outputSchemas, runRequestSchema } from "./schemas";
import type { NamedVersion } from "./versions";

const about = [
  "Runs graphs of this Patchbay from other programs.",
  "Problems are `application/problem+json`: `detail` says what is wrong, `node`, `port` and `param` where,",
  "and `remedy` what can be done.",
].join(" ");

/** All that the API can do. */
export function openApi(routes: readonly Route[]): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const { path, method, operation } of routes) paths[path] = { ...paths[path], [method]: operation };
  return documentOf("Patchbay", about, paths);
}

function documentOf(title: string, description: string, paths: ZodOpenApiPathsObject): object {
  return createDocument({
    openapi: "3.1.0",
    info: { title, description, version: "1" },
    servers: [{ url: apiPath() }],
    // On the machine itself no token is needed where there are no accounts.
    security: [{ token: [] }, {}],
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    paths,
  });
}

/** How one graph is run: a named version of it, with its parameters and outputs typed. */
export function graphOpenApi(
  routes: readonly Route[],
  { graphId, number, name, document }: NamedVersion & { document: GraphDocument },
): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const isRun = route.path === "/graphs/{id}/runs" && route.method === "post";
    if (!isRun && !route.path.startsWith("/runs/{id}") && route.path !== "/files") continue;
    const path = isRun ? `/graphs/${graphId}/runs` : route.path;
    const operation = isRun ? typedOperation(route.operation, document, number) : route.operation;
    paths[path] = { ...paths[path], [route.method]: operation };
  }
  return documentOf(document.name, [`Version ${number}, “${name}”.`, document.description].join("\n\n"), paths);
}

function typedOperation(
  operation: ZodOpenApiOperationObject,
  document: GraphDocument,
  version: number,
): ZodOpenApiOperationObject {
  const parameters = parametersOf(document);
  const request = runRequestSchema
    .extend({
      version: runRequestSchema.shape.version.meta({ default: version }),
      parameters: typedParameters(parameters).optional(),
    })
    .meta({ id: "RunRequest" });
  const { path: _, ...requestParams } = operation.requestParams ?? {};
  return {
    ...operation,
    requestParams,
    requestBody: {
      content: {
        "application/json": { schema: request },
        "multipart/form-data": { schema: typedForm(request, parameters) },
      },
    },
    responses: {
      ...operation.responses,
      200: jsonOf(finishedSchema.extend({ outputs: typedOutputs(document) }).meta({ id: "FinishedRun" })),
    },
  };
}

function typedParameters(parameters: ReadonlyMap<string, Parameter>) {
  const shape = [...parameters].map(([name, parameter]) => [name, typedParameter(parameter).optional()] as const);
  return z.object(Object.fromEntries(shape)).meta({ id: "Parameters" });
}

function typedParameter({ schema, title, value }: Parameter): z.ZodType {
  const written = jsonSchemaOf(schema);
  return z.unknown().meta({ override: { ...written, title, ...(value === undefined ? {} : { default: value }) } });
}

const binary = z.string().meta({ override: { type: "string", format: "binary" } });

/** The form in which files are sent: each under the name of its parameter. */
function typedForm(request: z.ZodType, parameters: ReadonlyMap<string, Parameter>): z.ZodType {
  const files = [...parameters].flatMap(([name, { file }]) =>
    file ? ([[name, z.array(binary).optional()]] as const) : [],
  );
  return z.object({ request: request.optional(), ...Object.fromEntries(files) }).meta({ id: "RunForm" });
}

function typedOutputs(document: GraphDocument): z.ZodObject {
  const shape = lastOutputs(document).flatMap((place) => {
    const type = portTypeAt(document, place);
    return type ? ([[place, outputSchemas[type].optional()]] as const) : [];
  });
  return z.object(Object.fromEntries(shape)).catchall(z.union([...new Set(Object.values(outputSchemas))]));
}

function portTypeAt(document: GraphDocument, place: string): PortType | undefined {
  const { node, port } = madeAt(document, endpointNamed(place));
  return definitionOf(document, node, registry)?.outputs[port]?.type;
}
