import "server-only";
import { initTRPC, TRPCError } from "@trpc/server";
import superjson from "superjson";
import type { GraphDocument } from "#nodes/graph/document";
import type { PublicError } from "#nodes/graph/events";
import { parseDocument } from "#nodes/graph/parse";
import { db } from "../db";
import { Failure, toPublic } from "../errors";

const t = initTRPC.context<{ db: ReturnType<typeof db> }>().create({
  transformer: superjson,
  sse: { ping: { enabled: true, intervalMs: 10_000 }, client: { reconnectAfterInactivityMs: 25_000 } },
  /** What leaves the server: the public part of a failure, and nothing else. */
  errorFormatter: ({ shape, error }) => ({ ...shape, message: explain(error).message, data: { code: shape.data.code, httpStatus: shape.data.httpStatus, path: shape.data.path, problem: explain(error) } }),
});

function explain(error: TRPCError): PublicError {
  if (error.cause instanceof Failure) return error.cause.public_;
  if (error.code === "BAD_REQUEST" && error.cause?.name === "ZodError") return { message: "The request is not what was expected.", hint: "Reload the page; it may be older than the server." };
  if (error.code !== "INTERNAL_SERVER_ERROR") return { message: error.message };
  return toPublic(error.cause ?? error);
}

export const router = t.router;
export const procedure = t.procedure;

export const context = () => ({ db: db() });
export const notFound = (what: string): TRPCError => new TRPCError({ code: "NOT_FOUND", message: `${what} does not exist, or was deleted.` });
/** A document from what a client sent, or from a row. */
export function documentOf(json: unknown): GraphDocument {
  const { document, problems } = parseDocument(json);
  if (!document) throw new TRPCError({ code: "BAD_REQUEST", cause: new Failure({ message: problems[0]?.message ?? "", hint: problems[0]?.hint }) });
  return document;
}
