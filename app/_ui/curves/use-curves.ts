"use client";

import { useQueries } from "@tanstack/react-query";
import { useTRPC } from "../../_trpc/client";
import type { Curve } from "./axes";
import type { ShownRun } from "./drawn";

/** Points of each curve that are asked for: of many runs fewer. */
const pointsFor = (runs: number): number => (runs <= 50 ? 10_000 : 1000);

/** The curves of each run. What a run drew never changes; what it draws is asked for again. */
export function useCurves(runs: readonly ShownRun[]): Curve[][] {
  const trpc = useTRPC();
  const points = pointsFor(runs.length);
  return useQueries({
    queries: runs.map(({ id, going }) =>
      trpc.runs.curves.queryOptions(
        { id, points },
        {
          staleTime: going ? 0 : Number.POSITIVE_INFINITY,
          refetchInterval: going ? 2000 : false,
          structuralSharing: false,
          queryKeyHashFn: (key) => JSON.stringify([key, going]),
        },
      ),
    ),
    combine: combined,
  });
}

function combined(results: readonly { data?: Curve[] }[]): Curve[][] {
  return results.map((result) => result.data ?? []);
}
