/** Ways to what is pinned inside of instances, kept true while composites are edited. */
import { compositeIdOf, compositeNamed, compositeOf, separator } from "./composites";
import type { GraphDocument, GraphNode } from "./document";
import { setPins } from "./edits";

type Nodes = GraphDocument["nodes"];

/** Where a way leads to from a composite that it passes through; nothing where it leads nowhere any more. */
type Move = (way: readonly string[]) => readonly string[] | undefined;

/** The document with other ways, where they pass through a composite. */
export function withWaysMoved(document: GraphDocument, composite: string, move: Move): GraphDocument {
  return mapWays(document, (node, way) => {
    const depth = levelsOf(document, node, way).findIndex(({ id }) => id === composite);
    if (depth < 0) return way;
    const moved = move(way.slice(depth));
    return moved && [...way.slice(0, depth), ...moved];
  });
}

/** The document without pins of what is not there any more. */
export function withSoundPins(document: GraphDocument): GraphDocument {
  return mapWays(document, (node, way) => {
    const levels = levelsOf(document, node, way);
    return levels.length === way.length && levels.every(({ nodes }, i) => Object.hasOwn(nodes, way[i] ?? ""))
      ? way
      : undefined;
  });
}

/**
 * Ways through a composite after an edit inside of it: what was put into an instance there is behind that one, and what
 * was taken out of one that is gone is where it lies now.
 */
export function withPinsFollowing(document: GraphDocument, composite: string, before: Nodes): GraphDocument {
  const after = compositeNamed(document, composite)?.nodes ?? {};
  const typeIn = (nodes: Nodes, id: string) => (Object.hasOwn(nodes, id) ? nodes[id]?.type : undefined);
  // What takes the place of something may take its name, too.
  const fresh = Object.keys(after).filter((id) => typeIn(before, id) !== typeIn(after, id));
  return withWaysMoved(document, composite, ([first = "", ...rest]) => {
    if (Object.hasOwn(after, first) && !fresh.includes(first)) return [first, ...rest];
    const around = fresh.find((id) => Object.hasOwn(compositeOf(document, after[id])?.nodes ?? {}, first));
    if (around !== undefined) return [around, first, ...rest];
    return fresh.includes(rest[0] ?? "") ? rest : undefined;
  });
}

/** The composites that a way from a node passes through, each with what lies in it. */
function levelsOf(document: GraphDocument, node: GraphNode, way: readonly string[]): { id: string; nodes: Nodes }[] {
  const levels: { id: string; nodes: Nodes }[] = [];
  let next: Pick<GraphNode, "type"> | undefined = node;
  for (const step of way) {
    const id: string | undefined = compositeIdOf(next?.type ?? "");
    const nodes: Nodes | undefined = id === undefined ? undefined : compositeNamed(document, id)?.nodes;
    if (id === undefined || !nodes) break;
    levels.push({ id, nodes });
    next = Object.hasOwn(nodes, step) ? nodes[step] : undefined;
  }
  return levels;
}

function mapWays(
  document: GraphDocument,
  move: (node: GraphNode, way: readonly string[]) => readonly string[] | undefined,
): GraphDocument {
  function changed<L extends Pick<GraphDocument, "nodes">>(level: L): L {
    return Object.keys(level.nodes).reduce((now, id) => {
      const node = now.nodes[id] as GraphNode;
      if (!node.pins) return now;
      const entries = Object.entries(node.pins).flatMap(([way, pin]) => {
        const moved = move(node, way.split(separator));
        return moved ? [[moved.join(separator), pin] as const] : [];
      });
      const isSame = entries.length === Object.keys(node.pins).length && entries.every(([way]) => node.pins?.[way]);
      return isSame ? now : setPins(now, id, Object.fromEntries(entries));
    }, level);
  }
  const composites = Object.entries(document.composites ?? {}).map(([id, each]) => [id, each, changed(each)] as const);
  const now = changed(document);
  if (composites.every(([, each, after]) => each === after)) return now;
  return { ...now, composites: Object.fromEntries(composites.map(([id, , after]) => [id, after])) };
}
