"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { toast } from "../_ui/toast";
import { problemOf, useTRPC } from "../_trpc/client";
import type { TemplateEntry } from "./template-entry";

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
  const fromRegistry = useMutation(
    trpc.templates.useFromRegistry.mutationOptions({
      onSuccess: ({ id }) => router.push(`/graphs/${id}`),
      onError: complain,
    }),
  );
  /** What ships is opened at once; of what people published one sees first what it is. */
  function pick(source: TemplateEntry["source"]): void {
    if ("template" in source) create.mutate(source);
    else if ("published" in source) router.push(`/templates/${source.published}`);
    else {
      toast("Its bundle is read and checked…");
      fromRegistry.mutate({ registry: source.registry, template: source.fromRegistry });
    }
  }
  return { graphs, create, remove, pick };
}

function complain(error: unknown): void {
  const { message, hint } = problemOf(error);
  toast.error(message, { description: hint });
}
