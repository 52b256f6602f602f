/** The node types as the palette shows them: in categories, by search, by what fits a wire. */
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import { definitions } from "./context";

/** In the order in which a graph is usually built; a category that is not named here comes last. */
const order = ["data", "image", "text", "model", "loss", "train", "weights", "eval", "output"];
const categoryOf = ({ type }: NodeDefinition): string => type.slice(0, type.indexOf("."));
const rank = (category: string): number => (order.includes(category) ? order.indexOf(category) : order.length);

const byTitle = [...definitions].sort((a, b) => a.title.localeCompare(b.title, "en"));
const categories = [...new Set(definitions.map(categoryOf))].sort((a, b) => rank(a) - rank(b));

/**
 * The types that hold every word of a search, in categories; a category without any is left out. What is called as the
 * search says comes first, and its category with it; then those whose titles begin so.
 */
export function findByCategory(search: string): { category: string; found: NodeDefinition[] }[] {
  const distance = (definition: NodeDefinition | undefined) => distanceFrom(search, definition?.title ?? "");
  const matching = byTitle
    .filter((definition) => matches(definition, search))
    .sort((a, b) => distance(a) - distance(b));
  return categories
    .map((category) => ({
      category,
      found: matching.filter((definition) => categoryOf(definition) === category),
    }))
    .filter(({ found }) => found.length > 0)
    .sort((a, b) => distance(a.found[0]) - distance(b.found[0]));
}

/** 0 where a title is what is searched for, 1 where it begins so, 2 otherwise. */
function distanceFrom(search: string, title: string): number {
  const [searched, called] = [search.trim().toLowerCase(), title.toLowerCase()];
  if (called === searched) return 0;
  return called.startsWith(searched) ? 1 : 2;
}

/** The wire that a node is asked for: the type it carries, and which of its ends is drawn already. */
export interface LooseWire {
  type: string;
  side: "source" | "target";
}

/** The types with a port that a wire can end at; all of them without a wire. */
export function fittingTo(wire: LooseWire | undefined): readonly NodeDefinition[] {
  if (!wire) return byTitle;
  const side = wire.side === "source" ? "inputs" : "outputs";
  return byTitle.filter((definition) => Object.values<Port>(definition[side]).some(({ type }) => type === wire.type));
}

/** The colour of what a node gives, or takes when it gives nothing. */
export function colourOf({ inputs, outputs }: NodeDefinition): string {
  const port = Object.values<Port>(outputs)[0] ?? Object.values<Port>(inputs)[0];
  return `var(--port-${port?.type ?? "file"})`;
}

function matches({ title, type, description }: NodeDefinition, search: string): boolean {
  const text = `${title} ${type} ${description}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
