"use client";

import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { toast } from "../_ui/toast";
import { hasEnded } from "../_editor/run-state";
import { type Outputs, problemOf, useTRPC, useTRPCClient } from "../_trpc/client";

export type ListedRun = Outputs["runs"]["list"][number];
export type Facets = Outputs["runs"]["facets"];
export type Status = ListedRun["status"];
export interface Condition {
  kind: "parameter" | "metric";
  name: string;
  operator: "=" | "≠" | "<" | "≤" | ">" | "≥";
  value: string;
}
export interface RunFilter {
  graphId?: string;
  statuses?: Status[];
  search?: string;
  tag?: string;
  starred?: boolean;
  conditions?: Condition[];
}
export interface RunOrder {
  by: "createdAt" | "name" | "status" | "took" | `number:${string}`;
  descending: boolean;
}

const pageSize = 200;

export interface ListedRuns {
  rows: ListedRun[];
  total: number | undefined;
  error: unknown;
  isFirst: boolean;
  /** Asks for the next page, if there is one. */
  more(): void;
}

/** The runs that fit, page by page, kept up to date while any of them goes on. */
export function useRuns(filter: RunFilter, order: RunOrder): ListedRuns {
  const client = useTRPCClient();
  const trpc = useTRPC();
  const pages = useInfiniteQuery({
    queryKey: [...trpc.runs.list.queryKey(), filter, order],
    queryFn: ({ pageParam }) => client.runs.list.query({ ...filter, order, take: pageSize, offset: pageParam }),
    initialPageParam: 0,
    getNextPageParam: (last, all) => (last.length < pageSize ? undefined : all.length * pageSize),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => {
      const isGoing = state.data?.pages.some((page) => page.some(({ status }) => !hasEnded(status)));
      return isGoing ? 3000 : 10_000;
    },
  });
  const total = useQuery({ ...trpc.runs.count.queryOptions(filter), placeholderData: keepPreviousData }).data;
  // A run that came meanwhile moves the others on: one may be on two pages.
  const rows = useMemo(() => [...new Map(pages.data?.pages.flat().map((run) => [run.id, run])).values()], [pages.data]);
  return {
    rows,
    total,
    error: pages.error,
    isFirst: pages.isPending,
    more: () => {
      if (pages.hasNextPage && !pages.isFetchingNextPage) void pages.fetchNextPage();
    },
  };
}

export interface RunListActions {
  star(run: ListedRun): void;
  tag(ids: readonly string[], tags: string[]): void;
  note(id: string, note: string): void;
  remove(ids: readonly string[]): void;
}

export function useRunListActions(): RunListActions {
  const client = useTRPCClient();
  const trpc = useTRPC();
  const queries = useQueryClient();
  return useMemo(() => {
    async function act(ask: Promise<unknown>): Promise<void> {
      try {
        await ask;
      } catch (error) {
        const { message, hint } = problemOf(error);
        toast.error(message, { description: hint });
      }
      await queries.invalidateQueries({ queryKey: trpc.runs.pathKey() });
    }
    async function remove(ids: readonly string[]): Promise<void> {
      const { refused } = await client.runs.removeMany.mutate({ ids: [...ids] });
      if (refused.length) toast(`${refused.length} of them go on, and stay.`, { description: "Stop them first." });
    }
    return {
      star: ({ id, starred }) => void act(client.runs.remark.mutate({ ids: [id], starred: !starred })),
      tag: (ids, tags) => void act(client.runs.remark.mutate({ ids: [...ids], tags })),
      note: (id, note) => void act(client.runs.remark.mutate({ ids: [id], note })),
      remove: (ids) => void act(remove(ids)),
    };
  }, [client, trpc, queries]);
}
