/** What mends a problem of a graph, where that is known: one edit, with its name. */
import type { Registry } from "../core/node";
import { registry as everyNode } from "../registry.gen";
import { within } from "./composite-edits";
import { compositeIdOf, compositeNamed, separator } from "./composites";
import { constantsOf } from "./constants";
import type { GraphDocument, GraphNode, Wire } from "./document";
import { disconnect, setParam, toggleOff } from "./edits";
import { setPinAt } from "./pinning";
import type { Problem } from "./problem";
import { repairsOf } from "./repairs";
import type { Site } from "./site";

export interface Fix {
  /** For a button: "Return width to its default". */
  title: string;
  /** Applies it to the document as a whole. */
  change(document: GraphDocument): GraphDocument;
}

/** Where a problem is: in the graph, or in the composite whose inside its node lies in. */
interface Place {
  composite: string | undefined;
  id: string;
  node: GraphNode;
  level: Pick<GraphDocument, "nodes" | "wires">;
}

/** How a problem can be mended; nothing where only a person knows. */
export function fixOf(
  document: GraphDocument,
  problem: Problem,
  site: Omit<Site, "document" | "composite"> = {},
): Fix | undefined {
  const { registry = everyNode } = site;
  const place = problem.node === undefined ? undefined : placeOf(document, problem.node);
  if (problem.code === "unknown-node") return withoutDeadWires(document);
  if (!place) return undefined;
  const { composite, id, node } = place;
  const inPlace = (title: string, change: (level: GraphDocument) => GraphDocument): Fix => ({
    title,
    change: (now) => within(now, composite, change),
  });
  switch (problem.code) {
    case "stale-pin":
      return { title: "Unpin it", change: (now) => setPinAt(now, problem.node ?? id, undefined) };
    case "cannot-bypass":
      return inPlace("Run it again", (level) => (node.off ? toggleOff(level, [id], node.off) : level));
    case "bad-param":
    case "bad-params":
      return paramFix(place, problem, registry, inPlace);
    case "unknown-port":
    case "duplicate-wire":
      return wireFix(place, problem, inPlace);
    case "type-mismatch":
    case "shape-mismatch":
    case "dtype-mismatch":
      return misfitFix(place, problem, site);
    default:
      return undefined;
  }
}

type InPlace = (title: string, change: (level: GraphDocument) => GraphDocument) => Fix;

/** A parameter that the node itself has goes back to its default; one that its type does not have goes. */
function paramFix({ id, node }: Place, { param }: Problem, registry: Registry, inPlace: InPlace): Fix | undefined {
  if (param === undefined || !Object.hasOwn(node.params, param)) return undefined;
  const declared = Object.hasOwn(registry, node.type) ? registry[node.type] : undefined;
  const isKnown = declared ? Object.hasOwn(declared.params, param) : compositeIdOf(node.type) === undefined;
  const isReferring = Object.hasOwn(constantsOf(node.params), param);
  const title = isKnown
    ? `Return ${param} to its default${isReferring ? ", without the constant" : ""}`
    : `Take “${param}” out, which means nothing here`;
  return inPlace(title, (level) => setParam(level, id, param, undefined));
}

/** Of several wires into an input all but the first go; of a port that is not there, all. */
function wireFix({ id, level }: Place, { code, port }: Problem, inPlace: InPlace): Fix | undefined {
  if (port === undefined) return undefined;
  const isAt = (end: Wire["from"]) => end.node === id && end.port === port;
  const found = level.wires.filter(({ from, to }) => isAt(to) || (code === "unknown-port" && isAt(from)));
  const gone = code === "duplicate-wire" ? found.slice(1) : found;
  if (!gone.length) return undefined;
  return inPlace(gone.length > 1 ? `Delete ${gone.length} wires` : "Delete the wire", (now) => disconnect(now, gone));
}

/**
 * The first repair that the check lets in, as it is offered for a wire that is dropped there. It is looked for when it
 * is asked for, since many checks are made for it; where none is known, nothing changes.
 */
function misfitFix({ composite, id, level }: Place, { port }: Problem, site: Omit<Site, "document">): Fix | undefined {
  const wire = level.wires.find(({ to }) => to.node === id && to.port === port);
  if (!wire) return undefined;
  return {
    title: "Insert what makes it fit",
    change: (document) => {
      const without = within(document, composite, (now) => disconnect(now, [wire]));
      const [repair] = repairsOf({ ...site, document: without, composite }, wire);
      return repair ? within(without, composite, repair.change) : document;
    },
  };
}

/** Wires of which an end is not there, in the graph and in its composites. */
function withoutDeadWires(document: GraphDocument): Fix | undefined {
  const isDead =
    ({ nodes }: Pick<GraphDocument, "nodes">) =>
    ({ from, to }: Wire) =>
      [from, to].some(({ node }) => !node.startsWith("@") && !Object.hasOwn(nodes, node));
  const levels = [undefined, ...Object.keys(document.composites ?? {})];
  const graphOf = (composite: string | undefined) =>
    composite === undefined ? document : compositeNamed(document, composite);
  const count = levels.reduce((sum, each) => {
    const graph = graphOf(each);
    return sum + (graph?.wires.filter(isDead(graph)).length ?? 0);
  }, 0);
  if (!count) return undefined;
  return {
    title: count === 1 ? "Delete the wire" : `Delete ${count} such wires`,
    change: (now) =>
      levels.reduce((each, level) => within(each, level, (g) => disconnect(g, g.wires.filter(isDead(g)))), now),
  };
}

/** The node that the way of a problem leads to, through instances. */
function placeOf(document: GraphDocument, way: string): Place | undefined {
  const ids = way.split(separator);
  const id = ids.pop() ?? "";
  let composite: string | undefined;
  let level: Pick<GraphDocument, "nodes" | "wires"> = document;
  for (const each of ids) {
    composite = compositeIdOf(level.nodes[each]?.type ?? "");
    const inside = composite === undefined ? undefined : compositeNamed(document, composite);
    if (!inside) return undefined;
    level = inside;
  }
  const node = Object.hasOwn(level.nodes, id) ? level.nodes[id] : undefined;
  return node ? { composite, id, node, level } : undefined;
}
