/** Putting a node into a wire, and finding the nodes that fit there or at a loose end. */
import { addNode, connect, disconnect } from "./edits";
import type { Endpoint, GraphDocument, Wire } from "./document";
import { canConnect } from "./check";
import { type Change, changed, levelOf, portsIn, reasonAgainstChange, type Site, typeFrom, typeInto } from "./site";

/** The ports by which a node lies in a wire. */
export interface Passage {
  input: string;
  output: string;
}

type Inserted = { passage: Passage; reason?: undefined } | { passage?: undefined; reason: string };

/** The ports by which a node of the graph can be put into a wire, or why it cannot. */
export function passageThrough(site: Site, wire: Wire, node: string): Inserted {
  if (wire.from.node === node || wire.to.node === node) return { reason: "The wire begins or ends at this node." };
  const [coming, going] = [typeFrom(site, wire.from), typeInto(site, wire.to)];
  const inputs = portsIn(site, node, "inputs").filter(([, port]) => port.type === coming);
  const outputs = portsIn(site, node, "outputs").filter(([, port]) => port.type === going);
  if (!inputs.length) return { reason: `It takes no ${coming}, which the wire brings.` };
  if (!outputs.length) return { reason: `It gives no ${going}, which the wire leads to.` };
  let reason: string | undefined;
  for (const [input] of inputs) {
    for (const [output] of outputs) {
      const against = reasonAgainstChange(site, insertion(wire, node, { input, output }), (now) =>
        disconnect(now, [wire]),
      );
      if (against === null) return { passage: { input, output } };
      reason ??= against;
    }
  }
  return { reason: reason ?? "" };
}

/** One wire becomes two, with a node between them. */
export function insertion(wire: Wire, node: string, { input, output }: Passage): Change {
  return (level) => {
    const before = connect(disconnect(level, [wire]), { from: wire.from, to: { node, port: input } });
    return connect(before, { from: { node, port: output }, to: wire.to });
  };
}

/** A loose end of a wire: the port where it is held. */
export interface LooseEnd extends Endpoint {
  side: "source" | "target";
}

export function wireBetween(end: LooseEnd, other: Endpoint): Wire {
  const here = { node: end.node, port: end.port };
  return end.side === "source" ? { from: here, to: other } : { from: other, to: here };
}

/** The ports of a node of a type, were it added, that a loose end can be wired to: by the check, shapes included. */
export function portsFitting(site: Site, end: LooseEnd, type: string): string[] {
  const { id, trial } = withTrial(site, type);
  const wanted = end.side === "source" ? typeFrom(site, end) : typeInto(site, end);
  return portsIn(trial, id, end.side === "source" ? "inputs" : "outputs").flatMap(([port, { type: carried }]) => {
    if (carried !== wanted) return [];
    const wire = wireBetween(end, { node: id, port });
    return canConnect(trial.document, wire, site.registry, site.memory, site.composite) === null ? [port] : [];
  });
}

/** Whether a node of a type, were it added, could be put into a wire. */
export function fitsInto(site: Site, wire: Wire, type: string): boolean {
  const { id, trial } = withTrial(site, type);
  return passageThrough(trial, wire, id).passage !== undefined;
}

function withTrial(site: Site, type: string): { id: string; trial: Site } {
  const { id } = addNode(levelOf(site), type, { x: 0, y: 0 }, site.registry);
  const trial = changed(site, (level) => addNode(level, type, { x: 0, y: 0 }, site.registry).document);
  return { id, trial };
}

/** All wires of an output begin at another one; those that do not fit there stay, and are given with the reason. */
export function withOutputMoved(
  site: Site,
  from: Endpoint,
  to: Endpoint,
): { document: GraphDocument; moved: number; refused: string[] } {
  const wires = levelOf(site).wires.filter((wire) => wire.from.node === from.node && wire.from.port === from.port);
  let now = site;
  const refused: string[] = [];
  for (const wire of wires) {
    const fresh = { from: to, to: wire.to };
    const isLoop = wire.to.node === to.node;
    const move: Change = (level) => connect(disconnect(level, [wire]), fresh);
    const reason = isLoop
      ? "A node cannot feed itself."
      : reasonAgainstChange(now, move, (level) => disconnect(level, [wire]));
    if (reason === null) now = changed(now, move);
    else refused.push(reason);
  }
  return { document: now.document, moved: wires.length - refused.length, refused };
}
