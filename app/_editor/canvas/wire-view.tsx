import { BaseEdge, EdgeLabelRenderer, type EdgeProps, useReactFlow } from "@xyflow/react";
import { Plus } from "lucide-react";
import { lazy, memo, Suspense } from "react";
import type { Point } from "#nodes/graph/document";
import { cx } from "../../_ui/cx";
import { runAt, useEditor, useEditorStore, useView, useViewStore, wayTo } from "../context";
import { shapeText } from "../shape-text";
import type { FlowWire } from "./wire-of";
import { useIsFar } from "./level-of-detail";
import { middleOf, pathThrough } from "./wire-path";

const Bends = lazy(async () => ({ default: (await import("./bends")).Bends }));

/**
 * A wire: dashed and red where it does not fit, moving where data is waited for. Under the pointer, and always where
 * that is wanted, it says the shape of what it carries, and why it does not fit; a node can be put into it there.
 */
export const WireView = memo(function WireView(wire: EdgeProps<FlowWire>) {
  const { id, source, target, data, selected } = wire;
  const isFar = useIsFar();
  const via = data?.isFolded ? undefined : data?.wire?.via;
  const route = useRoute(wire);
  const bends = via ?? route?.bends;
  const path = (via ? undefined : route?.path) ?? pathThrough(wire, bends);
  const { x, y } = middleOf(wire, bends);
  const colour = data?.bad ? "var(--bad)" : `var(--port-${data?.type})`;
  const isNear = useView((state) => state.nearWire === id);
  const listeners = useNearness(id);
  const isBusy = useEditor(
    (state) => runAt(state, target)?.status === "running" && runAt(state, source)?.status !== "running",
  );
  const isOfChosen = useEditor(({ selection }) => selection.includes(source) || selection.includes(target));
  const saysShape = useView((state) => state.shapes === "always") || isNear || selected;
  const classes = [isBusy ? "edge-busy" : "", isOfChosen || selected ? "wire-chosen" : ""].filter(Boolean).join(" ");
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        className={classes}
        style={{
          stroke: colour,
          strokeWidth: selected ? 3 : 2,
          strokeDasharray: data?.bad ? "5 4" : undefined,
        }}
        interactionWidth={isFar ? 0 : 16}
      />
      <Suspense>{!isFar && via && data?.wire && <Bends wire={data.wire} colour={colour} />}</Suspense>
      {data?.bad && <title>{data.bad}</title>}
      {!isFar && saysShape && (
        <EdgeLabelRenderer>
          <div
            {...listeners}
            data-wire-label
            data-id={id}
            className="nodrag nopan pointer-events-auto absolute z-10 flex items-center gap-1"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            {data?.bad && (isNear || selected) ? <Reason text={data.bad} /> : <Shape wire={wire} />}
            {(isNear || selected) && !data?.isFolded && <InsertButton wire={wire} place={{ x, y }} />}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
});

/** Its way around nodes, as long as its ends are where they were. */
function useRoute({ id, sourceX, sourceY, targetX, targetY }: EdgeProps) {
  const route = useView(({ routes }) => routes.get(id));
  const isAt = ({ x, y }: Point, otherX: number, otherY: number) => Math.hypot(x - otherX, y - otherY) < tolerance;
  return route && isAt(route.from, sourceX, sourceY) && isAt(route.to, targetX, targetY) ? route : undefined;
}
/** Ends that moved less than so many pixels are where they were. */
const tolerance = 4;

/** What stands on a wire belongs to it: the pointer is still near when it is there. */
function useNearness(id: string) {
  const view = useViewStore();
  return {
    onPointerEnter: () => view.getState().comeNear(id),
    onPointerLeave: () => view.getState().comeNear(undefined),
  };
}

/** Why a wire does not fit. */
function Reason({ text }: { text: string }) {
  return (
    <span
      className="w-max max-w-72 rounded border border-bad bg-raised px-1.5 py-0.5 text-2xs text-bad"
      data-wire-reason
    >
      {text}
    </span>
  );
}

/** The shape of what a wire carries, as far as it is known. */
function Shape({ wire: { source, sourceHandleId, data } }: { wire: EdgeProps<FlowWire> }) {
  const text = useEditor((state) => {
    const type = state.checked.nodes.get(wayTo(state, source))?.wires?.out[sourceHandleId ?? ""];
    return type ? shapeText(type) : "";
  });
  return (
    <span
      className="rounded border border-line bg-raised px-1 font-mono text-2xs whitespace-nowrap text-ink-2"
      data-wire-shape
    >
      {text || data?.type}
    </span>
  );
}

interface InsertButtonProps {
  wire: EdgeProps<FlowWire>;
  place: { x: number; y: number };
}

/** Asks which node is to be put into the wire. */
function InsertButton({ wire, place }: InsertButtonProps) {
  const store = useEditorStore();
  const view = useViewStore();
  const flow = useReactFlow();
  const frozen = useEditor((state) => state.frozen);
  if (frozen) return null;
  const into = wire.data?.wire;
  function ask(): void {
    if (into && !store.getState().frozen)
      view.getState().askForNode({ ...flow.flowToScreenPosition(place), at: place, into });
  }
  return (
    <button
      type="button"
      aria-label="Put a node into this wire"
      title="Put a node into this wire"
      onClick={ask}
      className={cx(
        "flex size-5 items-center justify-center rounded-full",
        "border border-line-strong bg-raised text-ink-2 hover:text-accent",
      )}
    >
      <Plus className="size-3.5" aria-hidden />
    </button>
  );
}
