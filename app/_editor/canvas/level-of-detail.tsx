import { type ReactFlowState, useStore } from "@xyflow/react";
import { createContext, useContext } from "react";

/** Below this zoom the text on a node is smaller than four pixels. */
const readableZoom = 0.3;
/** More nodes than this in view lie over each other, or are as good as unreadable on a large screen. */
const manyInView = 200;

const Context = createContext(false);
export const LevelOfDetail = Context.Provider;

/** Whether nodes are drawn as plain blocks and wires cannot be picked: what they say could not be read. */
export function useIsFar(): boolean {
  return useContext(Context);
}

/** The level of detail of the canvas as it is seen now. */
export function useLevelOfDetail(): boolean {
  return useStore(isFar);
}

function isFar(state: ReactFlowState): boolean {
  const [, , zoom] = state.transform;
  return state.nodeLookup.size > 0 && (zoom < readableZoom || hasManyInView(state));
}

/** Nodes that were not measured yet count: they have to be drawn once. */
function hasManyInView({ nodeLookup, transform: [x, y, zoom], width, height }: ReactFlowState): boolean {
  if (nodeLookup.size <= manyInView) return false;
  let count = 0;
  for (const { measured, internals } of nodeLookup.values()) {
    const left = internals.positionAbsolute.x * zoom + x;
    const top = internals.positionAbsolute.y * zoom + y;
    const right = left + (measured.width ?? 0) * zoom;
    const bottom = top + (measured.height ?? 0) * zoom;
    const isInView = right >= 0 && bottom >= 0 && left <= width && top <= height;
    if (isInView || measured.width === undefined) count++;
    if (count > manyInView) return true;
  }
  return false;
}
