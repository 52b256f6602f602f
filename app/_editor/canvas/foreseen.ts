import { type ReactFlowState, useStoreApi } from "@xyflow/react";
import { useState } from "react";

type Flow = ReturnType<typeof useStoreApi>;

const taught = new WeakSet<Flow>();

/**
 * React Flow measures each node when it appears and then draws all of them once more. Of nodes that turn out as they
 * were foreseen (`expectedNode`) it need not hear: a thousand of them open a fifth of a second sooner. Has to be
 * called above React Flow, which picks up what measures when it is drawn first; where it is hydrated it would pick up
 * what the store began with.
 */
export function useForeseenNodes(): void {
  const flow = useStoreApi();
  useState(() => passOverForeseen(flow));
}

function passOverForeseen(flow: Flow): void {
  if (taught.has(flow)) return;
  taught.add(flow);
  const known = new Set<string>();
  const measure = flow.getState().updateNodeInternals;
  function measureOthers(...[updates, options]: Parameters<typeof measure>): void {
    const others = new Map(updates);
    for (const [id, { nodeElement }] of updates) {
      // A card that is hidden has its ports nowhere.
      if (nodeElement.querySelector("[data-block]")) others.delete(id);
      else if (!known.has(id) && isForeseen(flow.getState(), id, nodeElement)) others.delete(id);
      known.add(id);
    }
    if (others.size) measure(others, options);
  }
  flow.setState({ updateNodeInternals: measureOthers });
}

/** Whether the node was told its handles, and has the size that goes with them. */
function isForeseen({ nodeLookup }: ReactFlowState, id: string, { offsetWidth, offsetHeight }: HTMLElement): boolean {
  const node = nodeLookup.get(id);
  return !!node?.handles && node.measured.width === offsetWidth && node.measured.height === offsetHeight;
}
