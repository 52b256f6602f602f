import { useMemo } from "react";
import { toast } from "../_ui/toast";
import type { Pin } from "#nodes/graph/document";
import { setPinAt } from "#nodes/graph/pinning";
import { useTRPCClient } from "../_trpc/client";
import { wayTo } from "./context";
import { complain } from "./saving";
import type { EditorState, EditorStore } from "./store";

/** What stands in for running a node that is seen, in the instance whose inside is seen. */
export function pinAt(state: EditorState, id: string): Pin | undefined {
  const { flat } = state.checked.graph;
  const way = wayTo(state, id);
  return flat.instances.get(way)?.pin ?? flat.document.nodes[way]?.pin;
}

/** In how many instances a pin holds that was made for all of a composite; nothing of one that is an instance's own. */
export function sharingInstances({ composite, checked, shown }: EditorState, id: string): number {
  if (composite === undefined || !shown.nodes[id]?.pin) return 0;
  return [...checked.graph.flat.instances.values()].filter((instance) => instance.composite === composite).length;
}

/**
 * Pins what the chosen nodes gave in the run that is shown, as one step of the history; unpins them where all of them
 * are pinned.
 */
export function usePinning(store: EditorStore): () => Promise<void> {
  const client = useTRPCClient();
  return useMemo(
    () => async () => {
      const { selection, shown, run, editWhole } = store.getState();
      const nodes = selection.filter((id) => Object.hasOwn(shown.nodes, id));
      const ways = nodes.map((id) => wayTo(store.getState(), id));
      if (nodes.every((id) => pinAt(store.getState(), id))) {
        editWhole((document) => ways.reduce((now, way) => setPinAt(now, way, undefined), document));
        return;
      }
      const runId = run.id;
      if (runId === undefined) {
        toast.error("There is no result to pin yet.", { description: "Run the graph up to this node first." });
        return;
      }
      try {
        const pins = await Promise.all(ways.map((node) => client.runs.pin.mutate({ id: runId, node })));
        editWhole((document) => ways.reduce((now, way, place) => setPinAt(now, way, pins[place]), document));
      } catch (error) {
        complain(error);
      }
    },
    [client, store],
  );
}
