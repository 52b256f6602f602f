import type { GraphDocument } from "#nodes/graph/document";
import { definitionOf } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { drawGraph } from "../_editor/export/drawing";
import { PannedPicture } from "./panned-picture";

/** The graph as it lies on the canvas, drawn on the server in the colours of the page; moved and enlarged by touch. */
export function GraphPicture({ document, fills }: { document: GraphDocument; fills?: boolean }) {
  const { svg, width, height } = drawGraph({
    document,
    definitionOf: (id) => definitionOf(document, id, registry),
    colour: (name) => `var(${name})`,
  });
  return <PannedPicture svg={svg} width={width} height={height} label={`The graph ${document.name}`} fills={fills} />;
}
