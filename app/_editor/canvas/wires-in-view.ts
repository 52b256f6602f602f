import { useStoreApi } from "@xyflow/react";
import { useMemo } from "react";
import { type LevelOfDetail, placeOf, useFarOf, useShownOf } from "./level-of-detail";
import type { FlowWire } from "./wire-of";

/**
 * The wires that are drawn as such: from afar only those that are picked, since `FarLayer` draws all; in a large graph
 * those that lie at a node in view, or cross it.
 */
export function useWiresInView(wires: FlowWire[], judgement: Parameters<typeof LevelOfDetail>[0]["value"]): FlowWire[] {
  const flow = useStoreApi();
  const isFar = useFarOf(judgement);
  const shown = useShownOf(judgement);
  return useMemo(() => {
    if (isFar) return wires.filter(({ selected }) => selected);
    if (!shown) return wires;
    const { nodeLookup } = flow.getState();
    const area = areaOf([...shown].flatMap((id) => nodeLookup.get(id) ?? []).map(placeOf));
    return wires.filter(({ source, target }) => {
      if (shown.has(source) || shown.has(target)) return true;
      const ends = [nodeLookup.get(source), nodeLookup.get(target)].flatMap((node) => (node ? [placeOf(node)] : []));
      return ends.length === 2 && isOver(areaOf(ends), area);
    });
  }, [wires, isFar, shown, flow]);
}

type Area = ReturnType<typeof areaOf>;

function areaOf(places: readonly { x: number; y: number; width: number; height: number }[]) {
  return {
    left: Math.min(...places.map(({ x }) => x)),
    top: Math.min(...places.map(({ y }) => y)),
    right: Math.max(...places.map(({ x, width }) => x + width)),
    bottom: Math.max(...places.map(({ y, height }) => y + height)),
  };
}

function isOver(one: Area, other: Area): boolean {
  return one.left <= other.right && one.right >= other.left && one.top <= other.bottom && one.bottom >= other.top;
}
