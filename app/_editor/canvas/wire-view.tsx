import { BaseEdge, type Edge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { runAt, useEditor } from "../context";
import { useIsFar } from "./level-of-detail";

/** A wire as React Flow holds it: the port type that colours it, and what is wrong with it. */
export type FlowWire = Edge<{ type: string; bad?: string }>;

/** A wire: dashed and red where it does not fit, moving where data is waited for. */
export const WireView = memo(function WireView(wire: EdgeProps<FlowWire>) {
  const { id, source, target, data, selected } = wire;
  const isFar = useIsFar();
  const [path] = getBezierPath(wire);
  const isBusy = useEditor(
    (state) => runAt(state, target)?.status === "running" && runAt(state, source)?.status !== "running",
  );
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        className={isBusy ? "edge-busy" : ""}
        style={{
          stroke: data?.bad ? "var(--bad)" : `var(--port-${data?.type})`,
          strokeWidth: selected ? 3 : 2,
          strokeDasharray: data?.bad ? "5 4" : undefined,
        }}
        interactionWidth={isFar ? 0 : 16}
      />
      {data?.bad && <title>{data.bad}</title>}
    </>
  );
});
