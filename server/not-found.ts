import { TRPCError } from "@trpc/server";

export const notFound = (what: string): TRPCError =>
  new TRPCError({ code: "NOT_FOUND", message: `${what} does not exist, or was deleted.` });
