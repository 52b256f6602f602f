/** The wires that come into copied nodes from outside, which a paste may draw anew. */
import { isBoundary } from "./composites";
import type { GraphDocument, Wire } from "./document";
import { connect } from "./edits";

/** A wire from a node that was not copied, and that node's type: in another graph its id may be another's. */
export type Incoming = Wire & { type: string };

export function incomingWires({ nodes, wires }: GraphDocument, ids: readonly string[]): Incoming[] {
  const chosen = new Set(ids);
  return wires.flatMap((wire) => {
    const type = nodes[wire.from.node]?.type;
    const isIncoming = chosen.has(wire.to.node) && !chosen.has(wire.from.node) && !isBoundary(wire.from);
    return isIncoming && type !== undefined ? [{ ...wire, type }] : [];
  });
}

/** Wires the copies as what they are copied from; `names` gives the copy of each. Sources that are gone give none. */
export function withIncoming(
  document: GraphDocument,
  names: Readonly<Record<string, string>>,
  incoming: readonly Incoming[],
): GraphDocument {
  return incoming.reduce((now, { from, to, type }) => {
    const copy = names[to.node];
    if (copy === undefined || now.nodes[from.node]?.type !== type) return now;
    return connect(now, { from, to: { ...to, node: copy } });
  }, document);
}
