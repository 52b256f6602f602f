"use client";

import { type NodeProps, useUpdateNodeInternals } from "@xyflow/react";
import { Activity, memo, useEffect, useRef } from "react";
import type { NodeDefinition } from "#nodes/core/node";
import { useDetail } from "../canvas/level-of-detail";
import { definitionAt, useEditor } from "../context";
import { NodeBlock } from "./node-block";
import { NodeCard } from "./node-card";

/**
 * A node on the canvas, whatever its type: all of it comes from the definition. One that leaves the view is hidden, and
 * is as it was when it comes back: fields, scrolled lists and decoded pictures.
 */
export const NodeView = memo(
  function NodeView({ id, selected }: NodeProps) {
    const detail = useDetail(id);
    const definition = useEditor((state) => definitionAt(state, id));
    useMeasuredPorts(id, definition);
    return (
      <>
        {detail !== "full" && <NodeBlock id={id} definition={definition} />}
        {detail !== "gone" && (
          <Activity mode={detail === "full" ? "visible" : "hidden"}>
            <NodeCard id={id} definition={definition} isSelected={selected} />
          </Activity>
        )}
      </>
    );
  },
  // React Flow tells more, such as place and size, which change with every step of a drag and with every measurement.
  (before, now) => before.id === now.id && before.selected === now.selected,
);

/**
 * React Flow measures a node when it appears and when its size changes; of ports that come with a parameter it must be
 * told.
 */
function useMeasuredPorts(id: string, definition: NodeDefinition | undefined): void {
  const measure = useUpdateNodeInternals();
  const ports = Object.keys({ ...definition?.inputs, ...definition?.outputs }).join();
  const measured = useRef(ports);
  useEffect(() => {
    if (measured.current === ports) return;
    measured.current = ports;
    measure(id);
  }, [id, ports, measure]);
}
