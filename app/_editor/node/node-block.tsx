import { useStoreApi } from "@xyflow/react";
import { type PointerEvent, useState } from "react";
import type { NodeDefinition } from "#nodes/core/node";
import { useEditor, useNodeRun } from "../context";
import { cardHeight, cardWidth, portTop } from "./geometry";
import { PortHandle } from "./port-row";
import { portsOf } from "./ports";

interface NodeBlockProps {
  id: string;
  definition: NodeDefinition | undefined;
}

/**
 * What stands in the place of a card that is not drawn: as large, and nothing to see. What is seen of it from afar is
 * drawn by `FarLayer`. Its ports are there only while the pointer is over it: a thousand nodes have some thousands.
 */
export function NodeBlock({ id, definition }: NodeBlockProps) {
  const title = useEditor(({ shown }) => shown.nodes[id]?.title ?? definition?.title ?? shown.nodes[id]?.type);
  const status = useNodeRun(id)?.status;
  const height = useBlockHeight(id, definition);
  const [isNear, setNear] = useState(false);
  const leave = (event: PointerEvent) => event.buttons === 0 && setNear(false);
  return (
    <div
      data-node={id}
      data-block
      data-status={status}
      title={title}
      onPointerEnter={() => setNear(true)}
      onPointerLeave={leave}
      style={{ width: cardWidth, height }}
    >
      {isNear &&
        (["in", "out"] as const).map((side) =>
          portsOf(definition, side).map(([name, port], row) => (
            <PortHandle key={side + name} {...{ name, port, side }} node={id} top={1 + portTop(row)} />
          )),
        )}
    </div>
  );
}

/** As high as the card was when it was last measured; before that, as a card with nothing but its ports is. */
function useBlockHeight(id: string, definition: NodeDefinition | undefined): number {
  const { nodeLookup } = useStoreApi().getState();
  return nodeLookup.get(id)?.measured.height ?? cardHeight(definition);
}
