/** Which nodes lie beside one, by its wires and by where they stand. */
import { isBoundary } from "#nodes/graph/composites";
import type { GraphDocument } from "#nodes/graph/document";

export type Direction = "left" | "right" | "up" | "down";
type Graph = Pick<GraphDocument, "nodes" | "wires">;

/**
 * The node that is reached from another: to the left what feeds it, to the right what it feeds, above and below the
 * nearest one. The upper left one from nowhere; nothing where there is none.
 */
export function nextNode(graph: Graph, id: string | undefined, direction: Direction): string | undefined {
  const here = id === undefined ? undefined : graph.nodes[id];
  if (id === undefined || !here) return upperLeft(graph);
  if (direction === "up" || direction === "down") return beside(graph, id, direction);
  const side = direction === "left" ? "upstream" : "downstream";
  return nearest(graph, neighboursOf(graph, id, side), here.position.y);
}

/** Some nodes with all that lies before or behind them. */
export function along(graph: Graph, ids: readonly string[], side: "upstream" | "downstream"): Set<string> {
  const found = new Set(ids);
  const waiting = [...ids];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const next of neighboursOf(graph, id, side)) {
      if (found.has(next)) continue;
      found.add(next);
      waiting.push(next);
    }
  }
  return found;
}

function neighboursOf({ wires }: Graph, id: string, side: "upstream" | "downstream"): string[] {
  const [there, here] = side === "upstream" ? (["from", "to"] as const) : (["to", "from"] as const);
  const met = wires.filter((wire) => wire[here].node === id && !isBoundary(wire[there]));
  return [...new Set(met.map((wire) => wire[there].node))];
}

function nearest({ nodes }: Graph, ids: readonly string[], y: number): string | undefined {
  const distance = (id: string) => Math.abs((nodes[id]?.position.y ?? 0) - y);
  return [...ids].sort((one, other) => distance(one) - distance(other))[0];
}

/** What lies aside counts three times as far: the next in the same column comes first. */
const aside = 3;

function beside({ nodes }: Graph, id: string, direction: "up" | "down"): string | undefined {
  const here = nodes[id]?.position ?? { x: 0, y: 0 };
  const sign = direction === "up" ? -1 : 1;
  const others = Object.entries(nodes).flatMap(([other, { position }]) => {
    const away = (position.y - here.y) * sign;
    return other !== id && away > 0 ? [{ other, far: away + aside * Math.abs(position.x - here.x) }] : [];
  });
  return others.sort((one, other) => one.far - other.far)[0]?.other;
}

function upperLeft({ nodes }: Graph): string | undefined {
  const places = Object.entries(nodes).map(([id, { position }]) => ({ id, sum: position.x + position.y }));
  return places.sort((one, other) => one.sum - other.sum)[0]?.id;
}
