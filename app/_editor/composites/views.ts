import { useReactFlow, type Viewport } from "@xyflow/react";
import { useEffect, useLayoutEffect, useRef } from "react";
import { separator } from "#nodes/graph/composites";
import { useEditor, useEditorStore } from "../context";

/** Each inside has a view of its own: a composite is shown whole when it is opened, and what is left as it was. */
export function useViews(): void {
  const flow = useReactFlow();
  const store = useEditorStore();
  const path = useEditor((state) => state.path.join(separator));
  const views = useRef(new Map<string, Viewport>());
  const shown = useRef(path);
  // The view has to be kept before the canvas of the inside takes its place.
  useLayoutEffect(
    () =>
      store.subscribe((state, before) => {
        if (state.path !== before.path) views.current.set(before.path.join(separator), flow.getViewport());
      }),
    [store, flow],
  );
  useEffect(() => {
    if (shown.current === path) return;
    const isLeft = shown.current.startsWith(path);
    shown.current = path;
    const view = isLeft ? views.current.get(path) : undefined;
    const show = () => (view ? flow.setViewport(view) : flow.fitView({ padding: 0.1, maxZoom: 1 }));
    const timer = setTimeout(() => void show(), 60);
    return () => clearTimeout(timer);
  }, [flow, path]);
}
