import { useMemo } from "react";
import { toast } from "sonner";
import { setPin } from "#nodes/graph/edits";
import { useTRPCClient } from "../_trpc/client";
import { wayTo } from "./context";
import { complain } from "./saving";
import type { EditorStore } from "./store";

/**
 * Pins what the chosen nodes gave in the run that is shown, as one step of the history; unpins them where all of them
 * are pinned.
 */
export function usePinning(store: EditorStore): () => Promise<void> {
  const client = useTRPCClient();
  return useMemo(
    () => async () => {
      const { selection, shown, run, edit } = store.getState();
      const nodes = selection.filter((id) => Object.hasOwn(shown.nodes, id));
      if (nodes.every((id) => shown.nodes[id]?.pin)) {
        edit((document) => nodes.reduce((now, id) => setPin(now, id, undefined), document));
        return;
      }
      const runId = run.id;
      if (runId === undefined) {
        toast.error("There is no result to pin yet.", { description: "Run the graph up to this node first." });
        return;
      }
      try {
        const ways = nodes.map((id) => wayTo(store.getState(), id));
        const pins = await Promise.all(ways.map((node) => client.runs.pin.mutate({ id: runId, node })));
        store.getState().edit((document) => nodes.reduce((now, id, place) => setPin(now, id, pins[place]), document));
      } catch (error) {
        complain(error);
      }
    },
    [client, store],
  );
}
