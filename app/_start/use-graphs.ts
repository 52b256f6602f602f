"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { toast } from "../_ui/toast";
import { problemOf, useTRPC } from "../_trpc/client";

/** The list of graphs, and making, deleting and bringing back one; what fails is told. */
export function useGraphs() {
  const trpc = useTRPC();
  const router = useRouter();
  const queries = useQueryClient();
  const graphs = useQuery(trpc.graphs.list.queryOptions());
  const refresh = () => void queries.invalidateQueries({ queryKey: trpc.graphs.list.queryKey() });
  const create = useMutation(
    trpc.graphs.create.mutationOptions({ onSuccess: ({ id }) => router.push(`/graphs/${id}`), onError: complain }),
  );
  const restore = useMutation(trpc.graphs.restore.mutationOptions({ onSuccess: refresh, onError: complain }));
  const remove = useMutation(
    trpc.graphs.remove.mutationOptions({
      onSuccess(_, { id }) {
        refresh();
        toast("Graph deleted", { action: { label: "Undo", onClick: () => restore.mutate({ id }) } });
      },
      onError: complain,
    }),
  );
  return { graphs, create, remove };
}

function complain(error: unknown): void {
  const { message, hint } = problemOf(error);
  toast.error(message, { description: hint });
}
