/** Nodes as they are searched for: by what they are called here and elsewhere. One search for every list of them. */
import type { NodeDefinition } from "#nodes/core/node";
import { fittingTo } from "./node-catalogue";

/** What other tools call node types, by type. */
export type Synonyms = Readonly<Record<string, readonly string[]>>;

interface Named {
  type: string;
  title: string;
  description?: string;
}

/** Those that hold every word of a search in title, type, description or synonyms; the nearest ones come first. */
export function searchNodes<T extends Named>(nodes: readonly T[], search: string, synonyms: Synonyms = {}): T[] {
  return ranked(nodes, search, synonyms).map(({ node }) => node);
}

/** In the order in which a graph is usually built; a category that is not named here comes last. */
const order = ["data", "image", "text", "model", "loss", "train", "weights", "eval", "output"];
const categoryOf = ({ type }: NodeDefinition): string => type.slice(0, type.indexOf("."));
const rank = (category: string): number => (order.includes(category) ? order.indexOf(category) : order.length);

const categories = [...new Set(fittingTo(undefined).map(categoryOf))].sort((a, b) => rank(a) - rank(b));

/** What a search finds, in categories: one without any is left out, that of the nearest comes first. */
export function findByCategory(search: string, synonyms: Synonyms = {}): Section[] {
  const hits = ranked(fittingTo(undefined), search, synonyms);
  const sections = categories.map((category) => {
    const members = hits.filter(({ node }) => categoryOf(node) === category);
    return { category, nearest: members[0]?.distance, found: members.map(({ node }) => node) };
  });
  return sections
    .filter(({ found }) => found.length > 0)
    .sort((a, b) => (a.nearest ?? 0) - (b.nearest ?? 0))
    .map(({ category, found }) => ({ category, found }));
}

interface Section {
  category: string;
  found: NodeDefinition[];
}

function ranked<T extends Named>(nodes: readonly T[], search: string, synonyms: Synonyms) {
  const searched = search.trim().toLowerCase();
  const words = wordsOf(searched);
  return nodes
    .map((node) => ({ node, names: [node.title, ...(synonyms[node.type] ?? [])].map((name) => name.toLowerCase()) }))
    .filter(({ node: { type, description = "" }, names }) => {
      const text = [...names, type, description].join("\n").toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .map(({ node, names }) => ({ node, distance: distanceFrom(searched, names) }))
    .sort((a, b) => a.distance - b.distance);
}

/**
 * How far names, the title first, are from what is searched for: 0 where it is the title, 1 where that begins so or
 * another name is it, 2 where the title holds all words, 3 where another name begins so, 4 otherwise.
 */
function distanceFrom(searched: string, [title = "", ...others]: readonly string[]): number {
  if (title === searched) return 0;
  if (title.startsWith(searched) || others.includes(searched)) return 1;
  if (wordsOf(searched).every((word) => title.includes(word))) return 2;
  return others.some((name) => name.startsWith(searched)) ? 3 : 4;
}

const wordsOf = (searched: string): string[] => searched.split(/\s+/);
