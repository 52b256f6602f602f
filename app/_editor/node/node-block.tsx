import { Position, useStoreApi } from "@xyflow/react";
import { type PointerEvent, useState } from "react";
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import { compositeIdOf } from "#nodes/graph/composites";
import { cx } from "../../_ui/cx";
import { useCheckedNode, useEditor, useNodeRun } from "../context";
import { frameOf } from "./frame";
import { cardHeight, cardWidth, portTop } from "./geometry";
import { PortHandle, portLabel } from "./port-row";
import { colourOf, portsOf, type Side } from "./ports";

interface NodeBlockProps {
  id: string;
  definition: NodeDefinition | undefined;
  isSelected: boolean;
  isConnectable: boolean;
}

/**
 * A node from afar: a block of its colour with its title in large letters. It is as large as the card that it stands
 * for, and has its ports in the same places. They listen to the pointer only while it is over the block: a thousand
 * nodes have some thousands of them.
 */
export function NodeBlock({ id, definition, isSelected, isConnectable }: NodeBlockProps) {
  const title = useEditor(({ shown }) => shown.nodes[id]?.title);
  const type = useEditor(({ shown }) => shown.nodes[id]?.type);
  const status = useNodeRun(id)?.status;
  const isBad = isWrong(useCheckedNode(id)?.problems);
  const height = useBlockHeight(id, definition);
  const [isNear, setNear] = useState(false);
  const leave = (event: PointerEvent) => event.buttons === 0 && setNear(false);
  const colour = colourOf(definition);
  return (
    <div
      data-node={id}
      data-status={status}
      onPointerEnter={() => setNear(true)}
      onPointerLeave={leave}
      className={cx(
        "relative rounded-xl border",
        compositeIdOf(type ?? "") !== undefined && !isSelected && "shadow-[var(--stack)]",
        frameOf({ isBad, isSelected, status }),
      )}
      style={{ width: cardWidth, height, background: `color-mix(in srgb, ${colour} 26%, var(--surface))` }}
    >
      <div
        className="h-full overflow-hidden px-3 py-1 text-[27px] leading-[30px] font-semibold"
        title={definition?.description}
      >
        {title ?? definition?.title ?? type}
      </div>
      {(["in", "out"] as const).map((side) =>
        portsOf(definition, side).map(([name, port], row) => {
          const props = { node: id, name, port, side, top: portTop(row) };
          return isNear ? (
            <PortHandle key={side + name} {...props} />
          ) : (
            <PortMark key={side + name} {...props} isConnectable={isConnectable} />
          );
        }),
      )}
    </div>
  );
}

function isWrong(problems: readonly { severity: string }[] | undefined): boolean {
  return problems?.some((problem) => problem.severity === "error") ?? false;
}

/** As high as the card was when it was last measured; before that, as a card with nothing but its ports is. */
function useBlockHeight(id: string, definition: NodeDefinition | undefined): number {
  const { nodeLookup } = useStoreApi().getState();
  return nodeLookup.get(id)?.measured.height ?? cardHeight(definition);
}

interface PortMarkProps {
  node: string;
  name: string;
  port: Port;
  side: Side;
  top: number;
  isConnectable: boolean;
}

/** What React Flow measures, and takes for the end of a wire that is drawn here from elsewhere. */
function PortMark({ node, name, port, side, top, isConnectable }: PortMarkProps) {
  const type = side === "in" ? "target" : "source";
  const position = side === "in" ? Position.Left : Position.Right;
  return (
    <div
      role="img"
      className={cx(
        `react-flow__handle react-flow__handle-${position} port-mark nodrag nopan ${type}`,
        isConnectable && "connectable connectablestart connectableend connectionindicator",
      )}
      data-handleid={name}
      data-nodeid={node}
      data-handlepos={position}
      data-id={`1-${node}-${name}-${type}`}
      style={{ background: `var(--port-${port.type})`, top }}
      aria-label={portLabel(node, name, side)}
    />
  );
}
