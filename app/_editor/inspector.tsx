"use client";

import { lazy, Suspense, useEffect } from "react";
import { useEditor } from "./context";

const GraphInspector = lazy(async () => ({ default: (await import("./graph-inspector")).GraphInspector }));
const NodeInspector = lazy(loadNodeInspector);
const AreaInspector = lazy(async () => ({ default: (await import("./area-inspector")).AreaInspector }));
const NodesInspector = lazy(async () => ({ default: (await import("./nodes-inspector")).NodesInspector }));
const CompositeInspector = lazy(async () => ({
  default: (await import("./composites/composite-inspector")).CompositeInspector,
}));

/**
 * What is known of the chosen nodes; of the whole graph while none are chosen, and of a composite while its inside is
 * seen.
 */
export function Inspector() {
  const selection = useEditor((state) => state.selection);
  const id = selection[0] ?? "";
  const node = useEditor((state) => (selection.length === 1 ? state.shown.nodes[id] : undefined));
  const composite = useEditor((state) => state.composite);
  useFormsSoon();
  return (
    <Suspense fallback={<FormSkeleton />}>
      {!selection.length && composite === undefined && <GraphInspector />}
      {node && <NodeInspector key={id} id={id} node={node} />}
      {selection.length === 1 && !node && <AreaInspector key={id} item={id} />}
      {selection.length > 1 && <NodesInspector key={selection.join()} items={selection} />}
      {!selection.length && composite !== undefined && <CompositeInspector id={composite} />}
    </Suspense>
  );
}

/** Forms are loaded after the graph itself, before somebody chooses the first node. */
function useFormsSoon(): void {
  useEffect(() => {
    const timer = setTimeout(() => void loadNodeInspector(), 1500);
    return () => clearTimeout(timer);
  }, []);
}

function FormSkeleton() {
  return (
    <div className="flex flex-col gap-3 p-4" aria-hidden>
      <div className="skeleton h-6 w-2/3" />
      <div className="skeleton h-10" />
      <div className="skeleton h-8" />
      <div className="skeleton h-8" />
    </div>
  );
}

async function loadNodeInspector() {
  const { NodeInspector } = await import("./node-inspector");
  return { default: NodeInspector };
}
