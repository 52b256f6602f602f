/** One route of the API: what it is in the OpenAPI document, and what answers it. */
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import type { Context } from "hono";
import type * as z from "zod";
import type { ZodOpenApiOperationObject } from "zod-openapi";
import type { Action, Thing } from "../access/may";
import { must } from "../access/may";
import { type Actor, actorOf } from "../access/actor";
import { audit, detailOf } from "../access/audit";
import { type Db, db } from "../db";
import { Failure } from "../errors";
import { Refusal } from "./problem";

export type Method = "get" | "post" | "put" | "delete";

/** A request on its way: who asks, and what its schemas made of it. */
export interface Asked<P, Q> {
  db: Db;
  actor: Actor;
  request: Request;
  /** The body as it comes. */
  body(): Readable;
  params: P;
  query: Q;
  header(name: string): string | undefined;
  /** Throws where the one who asks may not do it. */
  allow(action: Action, thing: Thing): Promise<void>;
}

export interface Route {
  method: Method;
  /** As OpenAPI writes it: `/runs/{id}`. */
  path: string;
  operation: ZodOpenApiOperationObject;
  answer(context: Context): Promise<Response>;
}

interface RouteParts<P extends z.ZodObject, Q extends z.ZodObject> {
  method: Method;
  path: string;
  params?: P;
  query?: Q;
  operation: ZodOpenApiOperationObject;
  handle(asked: Asked<z.output<P>, z.output<Q>>): Promise<Response>;
}

/** A route whose handler is given what its schemas made of the request. */
export function defineRoute<P extends z.ZodObject, Q extends z.ZodObject>(parts: RouteParts<P, Q>): Route {
  const { method, path, params, query, operation } = parts;
  return {
    method,
    path,
    operation: {
      ...operation,
      requestParams: { ...(params && { path: params }), ...(query && { query }), ...operation.requestParams },
    },
    async answer(context) {
      const actor = await actorOf(context.req.raw.headers);
      const answer = await parts.handle({
        db: db(),
        actor,
        request: context.req.raw,
        body: () => bodyOf(context),
        params: (params?.parse(context.req.param()) ?? {}) as z.output<P>,
        query: (query?.parse(context.req.query()) ?? {}) as z.output<Q>,
        header: (name) => context.req.header(name),
        allow: (action, thing) => allow(db(), actor, action, thing),
      });
      // Calls of served graphs change nothing, and have a log of their own.
      const isChange = method !== "get" && answer.ok && !answer.headers.has("Served-Warm");
      if (isChange) await audit(db(), actor, `api.${operation.operationId}`, detailOf(context.req.param()));
      return answer;
    },
  };
}

/** A server of Node's own gives the stream itself, which is read at a tenth of what one of the web's streams costs. */
function bodyOf({ req, env }: Context): Readable {
  const { incoming } = (env ?? {}) as { incoming?: Readable };
  return incoming ?? (req.raw.body ? Readable.fromWeb(req.raw.body as NodeStream) : Readable.from([]));
}

async function allow(database: Db, actor: Actor, action: Action, thing: Thing): Promise<void> {
  if (actor.kind === "stranger")
    throw new Refusal(
      401,
      { message: "The request says nothing of who asks.", hint: "Send a token: “Authorization: Bearer …”." },
      { "WWW-Authenticate": "Bearer" },
    );
  await must(database, actor, action, thing).catch((error) => {
    throw error instanceof Failure ? new Refusal(403, error.public_) : error;
  });
}
