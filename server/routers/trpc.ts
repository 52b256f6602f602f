import "server-only";
import { initTRPC, TRPCError } from "@trpc/server";
import superjson from "superjson";
import * as z from "zod";
import { limits } from "#nodes/graph/document";
import type { PublicError } from "#nodes/graph/events";
import { requestProblem } from "#nodes/graph/parse";
import { tooLarge } from "#nodes/graph/size-limits";
import { type Actor, actorOf } from "../access/actor";
import { Forbidden, NotSignedIn } from "../access/may";
import { audit, detailOf, isWorthALine, madeBy } from "../access/audit";
import { NoRoom, TooManyRuns } from "../access/quota";
import { type Db, db } from "../db";
import { Failure, failureOf, toPublic } from "../errors";

/** What every procedure is given: the database, and who asks. */
export interface Context {
  db: Db;
  actor: Actor;
}

const t = initTRPC.context<Context>().create({
  transformer: superjson,
  sse: { ping: { enabled: true, intervalMs: 10_000 }, client: { reconnectAfterInactivityMs: 25_000 } },
  /** What leaves the server: the public part of a failure, and nothing else. */
  errorFormatter: ({ shape, error }) => ({
    ...shape,
    message: explain(error).message,
    data: { code: shape.data.code, httpStatus: shape.data.httpStatus, path: shape.data.path, problem: explain(error) },
  }),
});

function explain(error: TRPCError): PublicError {
  if (error.cause instanceof Failure) return error.cause.public_;
  if (error.code === "BAD_REQUEST" && error.cause instanceof z.core.$ZodError) return unexpected(error.cause);
  if (error.code !== "INTERNAL_SERVER_ERROR") return { message: error.message };
  return toPublic(error.cause ?? error);
}

/** What is wrong with a request's input, where that is known. */
function unexpected({ issues }: z.core.$ZodError): PublicError {
  const [issue] = issues;
  const place = issue && z.core.toDotPath(issue.path);
  return {
    message: `The request is not what was expected${issue ? `: ${place ? `${place}: ` : ""}${issue.message}` : ""}.`,
    hint: "Reload the page; it may be older than the server.",
  };
}

export const router = t.router;
/** A failure that says what the person can do is the request's, not the server's. */
export const procedure = t.procedure.use(async ({ ctx, path, type, next, getRawInput }) => {
  const result = await next();
  if (result.ok && type === "mutation" && ctx.actor.kind !== "local") {
    const asked = detailOf(await getRawInput());
    const detail = asked.id === undefined ? { ...asked, ...madeBy(result.data) } : asked;
    if (isWorthALine(ctx.actor, path, detail)) await audit(ctx.db, ctx.actor, path, detail);
  }
  if (!result.ok && result.error.cause instanceof Failure && result.error.code === "INTERNAL_SERVER_ERROR")
    throw new TRPCError({ code: codeOf(result.error.cause), cause: result.error.cause });
  return result;
});

function codeOf(failure: Failure): TRPCError["code"] {
  if (failure instanceof NotSignedIn) return "UNAUTHORIZED";
  if (failure instanceof NoRoom) return "PAYLOAD_TOO_LARGE";
  if (failure instanceof TooManyRuns) return "TOO_MANY_REQUESTS";
  return failure instanceof Forbidden ? "FORBIDDEN" : "BAD_REQUEST";
}

/**
 * Several graphs may travel in one request; a body that is larger, or does not say how large it is, is refused unread.
 */
const maxBody = 4 * limits.bytes;
export async function context({ req }: { req: Request }): Promise<Context> {
  if (req.method === "POST") await refuseUnfit(req);
  return { db: db(), actor: await actorOf(req.headers) };
}

async function refuseUnfit(req: Request): Promise<void> {
  const bytes = Number(req.headers.get("content-length") ?? Number.NaN);
  if (!(bytes <= maxBody)) throw new TRPCError({ code: "PAYLOAD_TOO_LARGE", cause: failureOf(tooLarge(bytes)) });
  // Names that occur twice are gone once the body is parsed.
  const problem = requestProblem(await req.clone().text());
  if (problem) throw new TRPCError({ code: "BAD_REQUEST", cause: failureOf(problem) });
}
// biome-ignore lint/performance/noBarrelFile: routers name what is missing as they name procedures
export { notFound } from "../not-found";
