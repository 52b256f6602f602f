"use client";

import { type NodeProps, useUpdateNodeInternals } from "@xyflow/react";
import { memo, useEffect, useRef } from "react";
import type { NodeDefinition } from "#nodes/core/node";
import { useIsFar } from "../canvas/level-of-detail";
import { definitionAt, useEditor } from "../context";
import { NodeBlock } from "./node-block";
import { NodeCard } from "./node-card";

/** A node on the canvas, whatever its type: all of it comes from the definition. */
export const NodeView = memo(
  function NodeView({ id, selected, isConnectable }: NodeProps) {
    const isFar = useIsFar();
    const definition = useEditor((state) => definitionAt(state, id));
    useMeasuredPorts(id, definition);
    return isFar ? (
      <NodeBlock id={id} definition={definition} isSelected={selected} isConnectable={isConnectable} />
    ) : (
      <NodeCard id={id} definition={definition} isSelected={selected} />
    );
  },
  // React Flow tells more, such as place and size, which change with every step of a drag and with every measurement.
  (before, now) =>
    before.id === now.id && before.selected === now.selected && before.isConnectable === now.isConnectable,
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
