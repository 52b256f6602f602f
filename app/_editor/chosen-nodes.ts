import type { NodeDefinition } from "#nodes/core/node";
import { definitionOf, useView } from "./context";

interface ChosenNodes {
  favourites: readonly NodeDefinition[];
  /** Without the favourites. */
  recent: readonly NodeDefinition[];
}

/** The node types that this person starred, and those that were added last. */
export function useChosenNodes(): ChosenNodes {
  const favourites = useView((state) => state.favourites);
  const recent = useView((state) => state.recentNodes);
  return {
    favourites: known(favourites),
    recent: known(recent.filter((type) => !favourites.includes(type))),
  };
}

/** A browser may remember types that there are no longer. */
function known(types: readonly string[]): NodeDefinition[] {
  return types.map(definitionOf).filter((definition) => definition !== undefined);
}
