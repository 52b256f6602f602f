/** Pinning and unpinning what is seen, wherever it lies. */
import { within } from "./composite-edits";
import { compositeIdOf, compositeNamed, separator } from "./composites";
import type { GraphDocument, Pin } from "./document";
import { setPin, setPins } from "./edits";

/**
 * Pins a node by the way to it, "tower/encoder", in that instance alone. Without a pin it is unpinned, wherever on the
 * way that was said.
 */
export function setPinAt(document: GraphDocument, way: string, pin: Pin | undefined): GraphDocument {
  const [outer = "", ...inner] = way.split(separator);
  if (!inner.length) return setPin(document, outer, pin);
  if (pin) return setPins(document, outer, { ...document.nodes[outer]?.pins, [inner.join(separator)]: pin });
  let now = document;
  let composite: string | undefined;
  for (const [depth, id] of way.split(separator).entries()) {
    const rest = inner.slice(depth).join(separator);
    const level: GraphDocument["nodes"] =
      composite === undefined ? now.nodes : (compositeNamed(now, composite)?.nodes ?? {});
    const inside = compositeIdOf(level[id]?.type ?? "");
    const unpin = (graph: GraphDocument): GraphDocument =>
      rest ? setPins(graph, id, without(graph.nodes[id]?.pins, rest)) : setPin(graph, id, undefined);
    now = within(now, composite, unpin);
    composite = inside;
  }
  return now;
}

function without(pins: Readonly<Record<string, Pin>> | undefined, way: string): Record<string, Pin> {
  return Object.fromEntries(Object.entries(pins ?? {}).filter(([each]) => each !== way));
}
