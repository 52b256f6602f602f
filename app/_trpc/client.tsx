"use client";

import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, TRPCClientError } from "@trpc/client";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { type ReactNode, useState } from "react";
import superjson from "superjson";
import type { PublicError } from "#nodes/graph/events";
import type { AppRouter } from "#server/routers/index";
import { pathHere } from "../_ui/path-here";

export type Inputs = inferRouterInputs<AppRouter>;
export type Outputs = inferRouterOutputs<AppRouter>;
export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

/** What a failed call says to a person. */
export function problemOf(error: unknown): PublicError {
  if (error instanceof TRPCClientError) {
    const problem = (error.data as { problem?: PublicError } | undefined)?.problem;
    if (problem) return problem;
    if (!error.data)
      return {
        message: "Patchbay does not answer.",
        hint: "It may be restarting; nothing is lost. Try again in a moment.",
      };
  }
  return { message: error instanceof Error ? error.message : String(error) };
}

export function Providers({ children }: { children: ReactNode }) {
  const [queries] = useState(
    () => new QueryClient({ defaultOptions: { queries: { staleTime: 2000, retry: 2 } }, queryCache: new QueryCache() }),
  );
  const [client] = useState(() =>
    createTRPCClient<AppRouter>({
      links: [
        splitLink({
          condition: (op) => op.type === "subscription",
          true: httpSubscriptionLink({ url: pathHere("/api/trpc"), transformer: superjson }),
          false: httpBatchLink({ url: pathHere("/api/trpc"), transformer: superjson, maxURLLength: 6000 }),
        }),
      ],
    }),
  );
  return (
    <QueryClientProvider client={queries}>
      <TRPCProvider trpcClient={client} queryClient={queries}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
