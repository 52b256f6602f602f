import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { appRouter } from "#server/routers/index";
import { context } from "#server/routers/trpc";

export const dynamic = "force-dynamic";

const handler = (req: Request) =>
  fetchRequestHandler({
    endpoint: "/api/trpc",
    req,
    router: appRouter,
    createContext: context,
    maxBatchSize: 50,
    onError: ({ error, path }) =>
      error.code === "INTERNAL_SERVER_ERROR" && console.error(`${path}:`, error.cause ?? error),
  });
export { handler as GET, handler as POST };
