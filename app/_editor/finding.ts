/**
 * Finding nodes by what is written on them: titles, types, parameters, values, notes and problems, inside of composites
 * too.
 */
import { compositeOf, insideOf, compositeIdOf, separator } from "#nodes/graph/composites";
import type { GraphDocument, GraphNode } from "#nodes/graph/document";
import type { Problem } from "#nodes/graph/problem";
import { definitionOf } from "./context";

export interface Hit {
  /** The way to the node: "tower/encoder". */
  way: string;
  title: string;
  /** Where the words stand: "width: 512". */
  place: string;
}

const most = 200;

/** The nodes that hold all words of a search, those whose titles do first. */
export function findNodes(document: GraphDocument, problems: readonly Problem[], search: string): Hit[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const problemsOf = (way: string) => problems.filter(({ node }) => node === way);
  const hits = nodesOf(document, document, []).flatMap(({ way, node }) => {
    const texts = textsOf(document, way, node, problemsOf(way));
    const whole = texts.join("\n").toLowerCase();
    if (!words.every((word) => whole.includes(word))) return [];
    const place = texts.find((text) => text.toLowerCase().includes(words[0] ?? "")) ?? "";
    return [{ way, title: texts[0] ?? way, place, isTitle: place === texts[0] }];
  });
  const titled = [...hits.filter(({ isTitle }) => isTitle), ...hits.filter(({ isTitle }) => !isTitle)];
  return titled.slice(0, most).map(({ way, title, place }) => ({ way, title, place }));
}

/** Every node, with the ways to those in instances. */
function nodesOf(
  document: GraphDocument,
  level: Pick<GraphDocument, "nodes">,
  path: readonly string[],
): { way: string; node: GraphNode }[] {
  return Object.entries(level.nodes).flatMap(([id, node]) => {
    const steps = [...path, id];
    const inside = insideOf(document, compositeIdOf(node.type) ?? "");
    // Composites do not contain themselves, and are eight levels deep at most.
    return [{ way: steps.join(separator), node }, ...(inside ? nodesOf(document, inside, steps) : [])];
  });
}

function textsOf(document: GraphDocument, way: string, node: GraphNode, problems: readonly Problem[]): string[] {
  const definition = definitionOf(node.type);
  const title = node.title ?? compositeOf(document, node)?.title ?? definition?.title ?? node.type;
  const params = Object.entries(node.params).map(([name, value]) => `${name}: ${valueText(value)}`);
  const others = [definition?.title, way, node.type, node.note, ...params, ...problems.map(({ message }) => message)];
  return [title, ...others.filter((text): text is string => text !== undefined && text !== title)];
}

const longest = 300;
const valueText = (value: unknown): string =>
  (typeof value === "string" ? value : JSON.stringify(value)).slice(0, longest);
