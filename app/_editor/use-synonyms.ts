import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../_trpc/client";
import type { Synonyms } from "./node-search";

const none: Synonyms = {};

/** What other tools call the nodes, asked for once somebody searches. */
export function useSynonyms(isSearching: boolean): Synonyms {
  const query = useTRPC().nodes.synonyms.queryOptions();
  const { data } = useQuery({ ...query, enabled: isSearching, staleTime: Number.POSITIVE_INFINITY });
  return data ?? none;
}
