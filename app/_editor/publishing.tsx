"use client";

import { useMemo } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { definitionOf } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import type { ResultPicture } from "../_publish/picture-choice";
import { PublishWindow } from "../_publish/publish-window";
import { useActions } from "./actions";
import { useEditor, useViewStore } from "./context";
import { plainPicture } from "./export/export-file";
import { upload } from "./upload";
import type { RunState } from "./run-state";

/** A card is smaller: more pixels would only take longer to come. */
const mostPixels = 1600;

/** Publishes the graph that is open, with the pictures that its run gave to choose from. */
export function Publishing() {
  const view = useViewStore();
  const graphId = useEditor((state) => state.graphId);
  const document = useEditor((state) => state.history.present);
  const nodes = useEditor((state) => state.run.nodes);
  const { save } = useActions();
  const results = useMemo(() => picturesOf(nodes, document), [nodes, document]);
  if (!graphId) return null;
  return (
    <PublishWindow
      graphId={graphId}
      document={document}
      results={results}
      draw={drawnAndStored}
      save={save}
      onClose={() => view.getState().show(undefined)}
    />
  );
}

async function drawnAndStored(shown: GraphDocument): Promise<string> {
  const drawn = { shown, definitionOf: (id: string) => definitionOf(shown, id, registry) };
  const { file } = await plainPicture(drawn, mostPixels);
  return (await upload(file)).ref;
}

/** The first picture of each output, what comes last in the graph at first. */
function picturesOf(nodes: RunState["nodes"], document: GraphDocument): ResultPicture[] {
  const pictures = Object.entries(nodes).flatMap(([id, { previews = {} }]) =>
    Object.values(previews).flatMap((preview) => {
      const ref = preview.type === "image" ? preview.items[0]?.ref : undefined;
      return ref ? [{ ref, title: document.nodes[id]?.title ?? id }] : [];
    }),
  );
  const byRef = new Map(pictures.toReversed().map((picture) => [picture.ref, picture]));
  return [...byRef.values()];
}
