/** The HTTP API, all of it: its routes, and the documents that describe them. */
import { Hono } from "hono";
import { apiBase, apiPath } from "./base";
import { documentRoutes } from "./routes/documents";
import { fileRoutes } from "./routes/files";
import { graphRoutes } from "./routes/graphs";
import { runRoutes } from "./routes/runs";
import { serviceRoutes } from "./routes/service";
import { webhookRoutes } from "./routes/webhooks";
import { problemResponse, Refusal } from "./problem";
import type { Route } from "./route";

/** All that the API answers. */
export const routes: readonly Route[] = documentRoutes([
  ...graphRoutes,
  ...runRoutes,
  ...serviceRoutes,
  ...webhookRoutes,
  ...fileRoutes,
]);

const app = new Hono().basePath(apiBase);
for (const { method, path, answer } of routes)
  app.on(method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, ":$1"), answer);
app.onError((error) => problemResponse(error, (unexpected) => console.error("api:", unexpected)));
app.notFound((context) =>
  problemResponse(
    new Refusal(404, {
      message: `${context.req.method} ${context.req.path.slice(0, 200)} is no address of the API.`,
      hint: `${apiPath()}/openapi.json lists them.`,
    }),
    () => {},
  ),
);

/** Answers a request to the API. */
export const answerApi = (request: Request): Response | Promise<Response> => app.fetch(request);

/** The same for a server that has what comes in as a stream of Node's. */
export const answerIncoming = (request: Request, from: { incoming?: unknown }): Response | Promise<Response> =>
  app.fetch(request, from);
