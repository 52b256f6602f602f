/** Places in a graph as the API names them: "node.port". */
import { cutText } from "#models/files/text";
import type { Endpoint, GraphDocument } from "#nodes/graph/document";
import { definitionOf } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { Refusal } from "./problem";

export function endpointNamed(place: string): Endpoint {
  const dot = place.indexOf(".");
  return { node: place.slice(0, dot), port: place.slice(dot + 1) };
}

/** The nodes that give these outputs. Refused where there is no such output. */
export function nodesGiving(document: GraphDocument, places: readonly string[]): string[] {
  for (const place of places) {
    const { node, port } = endpointNamed(place);
    const outputs = definitionOf(document, node, registry)?.outputs;
    if (outputs && Object.hasOwn(outputs, port)) continue;
    const known = outputs ? Object.keys(outputs) : Object.keys(document.nodes);
    const shown = cutText(place, 80, "…");
    throw new Refusal(422, {
      message: `There is no output “${shown}” in this version of the graph.`,
      hint: cutText(`${outputs ? "Its outputs are" : "Its nodes are"} ${known.join(", ") || "none"}.`, 600, "…"),
    });
  }
  return [...new Set(places.map((place) => endpointNamed(place).node))];
}
