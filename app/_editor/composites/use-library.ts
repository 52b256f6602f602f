import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { toast } from "../../_ui/toast";
import { compositeNamed } from "#nodes/graph/composites";
import { type LibraryEntry, withOrigin } from "#nodes/graph/library";
import { type Outputs, useTRPC, useTRPCClient } from "../../_trpc/client";
import { useEditorStore } from "../context";
import { complain } from "../saving";

/** "My nodes": the composites that are kept for all graphs. */
export function useEntries(): Outputs["composites"]["list"] {
  const { data } = useQuery(useTRPC().composites.list.queryOptions());
  return data ?? [];
}

/** Fetches an entry; says what is wrong where there is none. */
export function useReadEntry(): (id: string) => Promise<LibraryEntry | undefined> {
  const client = useTRPCClient();
  return useCallback(
    (id) =>
      client.composites.get.query({ id }).catch((error) => {
        complain(error);
        return undefined;
      }),
    [client],
  );
}

/** Saves a composite of the graph, as a new entry or as the next version of the one that it is a copy of. */
export function useSaveEntry(): (composite: string) => Promise<void> {
  const client = useTRPCClient();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const store = useEditorStore();
  return async (composite) => {
    const document = store.getState().history.present;
    const { title, origin } = compositeNamed(document, composite) ?? {};
    try {
      const saved = await client.composites.save.mutate({ id: origin?.id, document, composite });
      store.getState().editWhole((now) => withOrigin(now, composite, saved));
      void queries.invalidateQueries({ queryKey: trpc.composites.list.queryKey() });
      toast(`“${title}” is in My nodes, version ${saved.version}.`);
    } catch (error) {
      complain(error);
    }
  };
}

/** Takes an entry out of the library; copies in graphs stay. */
export function useRemoveEntry(): (id: string) => Promise<void> {
  const client = useTRPCClient();
  const trpc = useTRPC();
  const queries = useQueryClient();
  return async (id) => {
    await client.composites.remove.mutate({ id }).catch(complain);
    void queries.invalidateQueries({ queryKey: trpc.composites.list.queryKey() });
  };
}

const prefix = "saved:";
/** What an entry travels as where a node type is dragged or picked. */
export const entryType = (id: string): string => `${prefix}${id}`;
export const entryIdOf = (type: string): string | undefined =>
  type.startsWith(prefix) ? type.slice(prefix.length) : undefined;
