"use client";

import type { PublicError } from "#nodes/graph/events";
import { Button } from "../_ui/button";
import { useSizes } from "./canvas/room";
import { useEditor, useEditorStore } from "./context";
import { memoryChanges } from "./memory-changes";

/** Where the memory was not enough: the cheapest changes that ask for less, each with a button. */
export function MemoryAdvice({ error }: { error: PublicError }) {
  const store = useEditorStore();
  const sizeOf = useSizes();
  const frozen = useEditor((state) => state.frozen);
  const resolved = useEditor((state) => state.checked.graph.nodes);
  if (error.lack !== "memory" || frozen) return null;
  const changes = memoryChanges(resolved, error.node, sizeOf);
  if (!changes.length) return null;
  return (
    <div className="mt-1.5 flex flex-wrap items-center gap-2" data-memory-advice>
      <span>To take less memory:</span>
      {changes.map(({ label, cost, change }) => (
        <Button key={label} size="s" title={cost} onClick={() => store.getState().editWhole(change)}>
          {label}
        </Button>
      ))}
    </div>
  );
}
