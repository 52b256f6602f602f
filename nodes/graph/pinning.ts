/** Pinning and unpinning what is seen, wherever it lies. */
import { within } from "./composite-edits";
import { compositeIdOf, compositeNamed, compositeOf, separator } from "./composites";
import type { GraphDocument, GraphNode, Pin } from "./document";
import { setPin, setPins } from "./edits";
import { withPinsOf } from "./instance-pins";

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

/**
 * Nodes in the instance at the end of a way, each with what is pinned of it there, as nodes outside of instances have
 * it: what is copied out of an instance takes its pins along.
 */
export function withPinsSeen(
  document: GraphDocument,
  path: readonly string[],
  nodes: GraphDocument["nodes"],
): GraphDocument["nodes"] {
  let level = document.nodes;
  let pins: GraphNode["pins"];
  for (const id of path) {
    const instance = Object.hasOwn(level, id) ? level[id] : undefined;
    if (!instance) return nodes;
    pins = withPinsOf(pins, id, instance).pins;
    level = compositeOf(document, instance)?.nodes ?? {};
  }
  return Object.fromEntries(Object.entries(nodes).map(([id, node]) => [id, withPinsOf(pins, id, node)]));
}

/** What some nodes in the instance at the end of a way bring pinned becomes that instance's own. */
export function withPinsOfInstance(
  document: GraphDocument,
  path: readonly string[],
  ids: readonly string[],
): GraphDocument {
  if (!path.length) return document;
  return ids.reduce((now, id) => {
    const { composite, node } = insideAt(now, path, id);
    if (composite === undefined || !node) return now;
    const own: [way: string, pin: Pin][] = node.pin ? [[id, node.pin]] : [];
    const behind = Object.entries(node.pins ?? {}).map(([way, pin]): [string, Pin] => [id + separator + way, pin]);
    const brought = [...own, ...behind];
    if (!brought.length) return now;
    const bare = within(now, composite, (level) => setPins(setPin(level, id, undefined), id, undefined));
    return brought.reduce((pinned, [way, pin]) => setPinAt(pinned, [...path, way].join(separator), pin), bare);
  }, document);
}

/** The composite at the end of a way, and a node in it. */
function insideAt(
  document: GraphDocument,
  path: readonly string[],
  id: string,
): { composite?: string; node?: GraphNode } {
  let level: GraphDocument["nodes"] = document.nodes;
  let composite: string | undefined;
  for (const step of path) {
    composite = compositeIdOf(level[step]?.type ?? "");
    level = (composite === undefined ? undefined : compositeNamed(document, composite)?.nodes) ?? {};
  }
  return { composite, node: Object.hasOwn(level, id) ? level[id] : undefined };
}

function without(pins: Readonly<Record<string, Pin>> | undefined, way: string): Record<string, Pin> {
  return Object.fromEntries(Object.entries(pins ?? {}).filter(([each]) => each !== way));
}
