import { useMemo } from "react";
import { toast } from "../_ui/toast";
import { compositeNamed } from "#nodes/graph/composites";
import { setPin } from "#nodes/graph/edits";
import { useTRPCClient } from "../_trpc/client";
import { wayTo } from "./context";
import { complain } from "./saving";
import type { EditorState, EditorStore } from "./store";

/** How many instances show what is pinned inside of the composite that is seen: all of them show the same. */
export function sharingInstances({ composite, checked }: Pick<EditorState, "composite" | "checked">): number {
  if (composite === undefined) return 0;
  return [...checked.graph.flat.instances.values()].filter((instance) => instance.composite === composite).length;
}

/** A pin lies in the composite, and so it is every instance's: who pins in one of several is told. */
function sayWhereItHolds(state: EditorState): void {
  const count = sharingInstances(state);
  if (count < 2) return;
  const { title = "" } = compositeNamed(state.history.present, state.composite ?? "") ?? {};
  toast.warning(`Pinned in all ${count} instances of “${title}”.`, {
    description: "Each of them gives this result now, whatever comes in. Pin the instance from outside for one alone.",
  });
}

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
        sayWhereItHolds(store.getState());
      } catch (error) {
        complain(error);
      }
    },
    [client, store],
  );
}
