/** Taking nodes out of a graph without cutting what runs through them. */
import type { Endpoint, GraphDocument, Wire } from "./document";
import { connect, removeNodes } from "./edits";
import { changed, levelOf, reasonAgainstChange, type Site, typeFrom, typeInto } from "./site";

export interface Healed {
  document: GraphDocument;
  /** Wires that were drawn around what is gone. */
  drawn: Wire[];
  /** Wires that led out of what is gone, for which nothing before it fits. */
  lost: Wire[];
}

/**
 * Removes nodes, and wires what they fed to what fed them: for each input the nearest source of its type that the
 * check lets in.
 */
export function removeAndHeal(site: Site, ids: readonly string[]): Healed {
  const level = levelOf(site);
  const gone = new Set(ids);
  const leaving = level.wires.filter(({ from, to }) => gone.has(from.node) && !gone.has(to.node));
  const drawn: Wire[] = [];
  const lost: Wire[] = [];
  // In one edit: inside of a composite, a port whose last wire goes would be gone with it.
  const removal = (now: GraphDocument) => removeNodes(now, ids);
  for (const wire of leaving) {
    const type = typeInto(site, wire.to) ?? typeFrom(site, wire.from);
    const healed = (source: Endpoint) => (now: GraphDocument) =>
      [...drawn, { from: source, to: wire.to }].reduce((each, one) => connect(each, one), removal(now));
    const source = sourcesOf(level, wire.from.node, gone).find(
      (end) =>
        typeFrom(site, end) === type &&
        end.node !== wire.to.node &&
        reasonAgainstChange(site, healed(end), removal) === null,
    );
    if (source) drawn.push({ from: source, to: wire.to });
    else lost.push(wire);
  }
  const { document } = changed(site, (now) => drawn.reduce((each, one) => connect(each, one), removal(now)));
  return { document, drawn, lost };
}

/** What comes into some nodes from outside on the way to one of them, the nearest first. */
function sourcesOf({ wires }: GraphDocument, node: string, gone: ReadonlySet<string>): Endpoint[] {
  const sources: Endpoint[] = [];
  const waiting = [node];
  const seen = new Set(waiting);
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    for (const { from } of wires.filter(({ to }) => to.node === id)) {
      if (!gone.has(from.node)) sources.push(from);
      else if (!seen.has(from.node)) {
        seen.add(from.node);
        waiting.push(from.node);
      }
    }
  }
  return sources;
}
