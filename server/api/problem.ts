/** How the API says what is wrong: problem+json (RFC 9457), with where it is and what can be done about it. */
import { TRPCError } from "@trpc/server";
import * as z from "zod";
import type { PublicError } from "#nodes/graph/events";
import { NotSignedIn } from "../access/may";
import { NoRoom, TooManyRuns } from "../access/quota";
import { Failure, isAway, toPublic } from "../errors";

export const problemSchema = z
  .object({
    type: z.string().meta({ description: "What kind of problem it is; the same for all of a kind." }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    remedy: z.string().optional().meta({ description: "What can be done about it." }),
    node: z.string().optional().meta({ description: "The node that it is about." }),
    port: z.string().optional(),
    param: z.string().optional(),
  })
  .meta({ id: "Problem" });
export type ApiProblem = z.output<typeof problemSchema>;

/** What each status means here. */
const kinds: Record<number, { slug: string; title: string }> = {
  400: { slug: "bad-request", title: "The request is not what was expected" },
  401: { slug: "unauthorized", title: "Nobody is known who asks" },
  403: { slug: "forbidden", title: "This may not be done" },
  404: { slug: "not-found", title: "There is no such thing" },
  405: { slug: "method-not-allowed", title: "This address does not take that method" },
  409: { slug: "conflict", title: "This cannot be done as things are" },
  410: { slug: "gone", title: "This is not kept any more" },
  413: { slug: "too-large", title: "The request is too large" },
  415: { slug: "unsupported-media-type", title: "The request is of another kind" },
  422: { slug: "refused", title: "What was asked for cannot be done" },
  429: { slug: "too-many", title: "There is too much to do" },
  500: { slug: "internal", title: "Something went wrong here" },
  503: { slug: "unavailable", title: "This is not there just now" },
  507: { slug: "storage-full", title: "There is no room left" },
};

/** A request that is refused, with a status of its own. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly public_: PublicError,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(public_.message);
    this.name = "Refusal";
  }
}

/** The answer to a request that failed. What is nobody's fault but the server's is told to `log` as well. */
export function problemResponse(error: unknown, log: (error: unknown) => void): Response {
  const { status, public_, headers = {} } = explained(error);
  if (status === 500) log(error);
  const { slug, title } = kinds[status] ?? { slug: "problem", title: "Something is wrong" };
  const body: ApiProblem = { type: `urn:patchbay:problem:${slug}`, title, status, ...asProblem(public_) };
  return Response.json(body, { status, headers: { ...headers, "Content-Type": "application/problem+json" } });
}

/** A failure in the API's words. */
export function asProblem({
  message,
  hint,
  node,
  port,
  param,
}: PublicError): Omit<ApiProblem, "type" | "title" | "status"> {
  return { detail: message, remedy: hint, node, port, param };
}

interface Explained {
  status: number;
  public_: PublicError;
  headers?: Readonly<Record<string, string>>;
}

const internal: PublicError = {
  message: "The request could not be answered. What happened is in the server's log.",
  hint: "Try again; if it happens again, tell the operator when it was.",
};

function explained(error: unknown): Explained {
  if (error instanceof Refusal) return error;
  if (error instanceof z.core.$ZodError) return { status: 400, public_: unexpected(error) };
  if (error instanceof TRPCError) return explainedProcedure(error);
  if (error instanceof NotSignedIn)
    return { status: 401, public_: error.public_, headers: { "WWW-Authenticate": "Bearer" } };
  if (error instanceof NoRoom) return { status: 413, public_: error.public_ };
  if (error instanceof TooManyRuns) return { status: 429, public_: error.public_, headers: { "Retry-After": "10" } };
  if (error instanceof Failure) return { status: 422, public_: error.public_ };
  if (error instanceof Error && isAway(error))
    return { status: 503, public_: toPublic(error), headers: { "Retry-After": "2" } };
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") return { status: 507, public_: toPublic(error) };
  return { status: 500, public_: internal };
}

const statuses: Partial<Record<TRPCError["code"], number>> = {
  NOT_FOUND: 404,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  BAD_REQUEST: 422,
  CONFLICT: 409,
  TOO_MANY_REQUESTS: 429,
  PAYLOAD_TOO_LARGE: 413,
};

/** What the procedures' own functions throw: what is missing, above all. */
function explainedProcedure(error: TRPCError): Explained {
  const status = statuses[error.code];
  if (status === undefined) return explained(error.cause);
  const public_ = error.cause instanceof Failure ? error.cause.public_ : { message: error.message };
  return { status, public_, headers: status === 401 ? { "WWW-Authenticate": "Bearer" } : undefined };
}

function unexpected({ issues }: z.core.$ZodError): PublicError {
  const [issue] = issues;
  const place = issue ? z.core.toDotPath(issue.path) : "";
  return {
    message: `${place ? `${place}: ` : ""}${issue?.message ?? "The request is not what was expected"}.`,
    hint: "The address /api/v1/openapi.json says what is expected.",
    param: place || undefined,
  };
}
