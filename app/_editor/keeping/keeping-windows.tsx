"use client";

import { useReactFlow } from "@xyflow/react";
import { lazy, Suspense, useEffect } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { paste } from "#nodes/graph/edits";
import { opening } from "../../_open/opening";
import { useEditor, useEditorStore } from "../context";
import { DraftOffers } from "./draft-offer";
import { NameVersion } from "./name-version";

const ExportWindow = lazy(async () => ({ default: (await import("../export/export-window")).ExportWindow }));

const MissingFiles = lazy(async () => ({ default: (await import("../missing-files")).MissingFiles }));

/** What asks about keeping, versions and exports. */
export function KeepingWindows() {
  const store = useEditorStore();
  const isExporting = useEditor((state) => state.isExporting);
  useInserting();
  return (
    <>
      <DraftOffers />
      <NameVersion />
      <Suspense>
        <MissingFiles />
      </Suspense>
      {isExporting && (
        <Suspense>
          <ExportWindow onClose={() => store.setState({ isExporting: false })} />
        </Suspense>
      )}
    </>
  );
}

/** While this graph is open and can be edited, graphs that are dropped may become a part of it. */
function useInserting(): void {
  const store = useEditorStore();
  const flow = useReactFlow();
  const frozen = useEditor((state) => state.frozen);
  useEffect(() => {
    if (frozen) return;
    function insert(document: GraphDocument): void {
      let ids: string[] = [];
      const middle = flow.screenToFlowPosition({ x: window.innerWidth / 2, y: window.innerHeight / 2 });
      const offset = offsetTo(document, middle);
      store.getState().edit((present) => {
        const pasted = paste(present, document, offset);
        ids = pasted.ids;
        return pasted.document;
      });
      store.getState().select(ids);
    }
    opening.setState({ insert });
    return () => opening.setState({ insert: undefined });
  }, [store, flow, frozen]);
}

/** From where a graph's first corner is to where it shall be. */
function offsetTo({ nodes }: GraphDocument, to: { x: number; y: number }): { x: number; y: number } {
  const places = Object.values(nodes).map(({ position }) => position);
  if (!places.length) return to;
  return { x: to.x - Math.min(...places.map(({ x }) => x)), y: to.y - Math.min(...places.map(({ y }) => y)) };
}
