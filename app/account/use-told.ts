"use client";

import { useQueryClient } from "@tanstack/react-query";
import { problemOf } from "../_trpc/client";
import { toast } from "../_ui/toast";

/** What happens after a change: lists are asked for again, and a refusal is told. */
export function useTold<Made = unknown>(onMade?: (made: Made) => void) {
  const queries = useQueryClient();
  return {
    onSuccess(made: Made) {
      onMade?.(made);
      void queries.invalidateQueries();
    },
    onError(error: unknown) {
      const { message, hint } = problemOf(error);
      toast.error(message, { description: hint });
    },
  };
}
