/**
 * Results that are pinned inside of one instance alone. The instance has them, by the ways from it to what lies in it:
 * others of the same composite run as ever. What is pinned in the composite itself is every instance's.
 */
import { separator } from "./composites";
import type { GraphNode, Pin } from "./document";

type Pins = Readonly<Record<string, Pin>>;

/** What an instance says of what lies in one in it, by the ways from that one. */
export function pinsBehind(pins: Pins | undefined, id: string): Record<string, Pin> {
  const prefix = id + separator;
  const behind = Object.entries(pins ?? {}).filter(([way]) => way.startsWith(prefix));
  return Object.fromEntries(behind.map(([way, pin]) => [way.slice(prefix.length), pin]));
}

/** A node that lies in an instance, with what the instance has pinned of it. */
export function withPinsOf(pins: Pins | undefined, id: string, node: GraphNode): GraphNode {
  if (!pins) return node;
  const own = Object.hasOwn(pins, id) ? pins[id] : undefined;
  const behind = pinsBehind(pins, id);
  return {
    ...node,
    ...(own ? { pin: own } : {}),
    ...(Object.keys(behind).length ? { pins: { ...node.pins, ...behind } } : {}),
  };
}
