/** What draws a graph from afar: asked for before the canvas is there, and shown as soon as it has come. */
import { type ComponentType, useEffect, useState } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { manyInView } from "./judged";

const load = async () => (await import("./far-layer")).FarLayer;

/** Asks for it at once where a graph is so large that it opens from afar. */
export function expectFarView({ nodes }: GraphDocument): void {
  if (typeof window !== "undefined" && Object.keys(nodes).length > manyInView) void load();
}

/** Not by `lazy`: React holds back what it waited for by up to 0.3 s. */
export function useFarLayer(isFar: boolean): ComponentType | undefined {
  const [layer, setLayer] = useState<ComponentType>();
  useEffect(() => {
    if (isFar) void load().then((known) => setLayer(() => known));
  }, [isFar]);
  return isFar ? layer : undefined;
}
