/** A node type as it is used somewhere: with what feeds it, as a part that can be put into a graph. */
import { compositeIdOf, insideOf, isBoundary } from "./composites";
import type { GraphDocument } from "./document";
import { excerpt, type Part, withoutPins } from "./edits";

export interface Example {
  /** The graph that it is from. */
  name: string;
  part: Part;
}

/** A larger part explains less. */
const mostNodes = 8;

/**
 * The most telling use of a node type in some graphs and their composites: that with the most of its wires, and then
 * the smallest. Nothing where none of them uses it.
 */
export function exampleOf(documents: readonly GraphDocument[], type: string): Example | undefined {
  const found = documents.flatMap((document) =>
    levelsOf(withoutPins(document)).flatMap((level) =>
      partsOf(level, type).map((part) => ({ name: document.name, part })),
    ),
  );
  const wiresIn = ({ part }: Example) => part.wires.length;
  const nodesIn = ({ part }: Example) => Object.keys(part.nodes).length;
  return found.sort((a, b) => wiresIn(b) - wiresIn(a) || nodesIn(a) - nodesIn(b))[0];
}

function levelsOf(document: GraphDocument): GraphDocument[] {
  const inside = Object.keys(document.composites ?? {}).flatMap((id) => insideOf(document, id) ?? []);
  return [document, ...inside];
}

/** Each node of the type with what feeds it; instances of composites, which hold much more, are left out. */
function partsOf(level: GraphDocument, type: string): Part[] {
  const ids = Object.keys(level.nodes).filter((id) => level.nodes[id]?.type === type);
  return ids.flatMap((id) => {
    const sources = level.wires.flatMap(({ from, to }) => (to.node === id && !isBoundary(from) ? [from.node] : []));
    const plain = sources.filter((source) => compositeIdOf(level.nodes[source]?.type ?? "") === undefined);
    const chosen = [...new Set([id, ...plain])];
    return chosen.length > mostNodes ? [] : [excerpt(level, chosen)];
  });
}
