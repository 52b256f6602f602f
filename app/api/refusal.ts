import { TRPCError } from "@trpc/server";
import { Forbidden, NotSignedIn } from "#server/access/may";
import { NoRoom } from "#server/access/quota";
import { Failure, toPublic } from "#server/errors";
import { BlobTooLarge } from "#server/storage/blobs";

/** What a route answers that could not do its work: a sentence, and the cause in the log where it is the server's. */
export function refusalOf(error: unknown, what: string): Response {
  const status = statusOf(error);
  if (status >= 500) console.error(`${what}:`, error);
  const { message, hint } = toPublic(error);
  return Response.json({ message, hint }, { status });
}

function statusOf(error: unknown): number {
  if (error instanceof NotSignedIn) return 401;
  if (error instanceof Forbidden) return 403;
  if (error instanceof TRPCError) return error.code === "NOT_FOUND" ? 404 : 403;
  if (error instanceof BlobTooLarge || error instanceof NoRoom) return 413;
  if (error instanceof Failure) return 400;
  return ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException)?.code ?? "") ? 507 : 500;
}
