/**
 * What a folder of the hub holds of a model: which tensors, and under which names. Files of transformers 4 and 5 name
 * some of them differently; those of the hub, which are written here, are read by both.
 */
import type { OpenArchitecture } from "./architecture";
import { nameFinder, renamed } from "./names";
import { parameterShapes } from "./signature";

/** Where a tensor of a written folder comes from, by its name there. */
export interface Placed {
  name: string;
  from: "weights" | "folder";
  stored: string;
}

export interface LayoutSources {
  /** The names in the folder that the model came from. */
  folder: readonly string[];
  /**
   * Those of weights that stand in for the folder's: behind the scope of the node that trained them, or as a file has
   * them.
   */
  weights: readonly string[];
  scope: string;
}

/**
 * Every parameter of the model that one of the two holds, the weights' first; then what else is in the folder, such as
 * an unused pooler; then what files hold twice.
 */
export function hubLayout(model: OpenArchitecture, { folder, weights, scope }: LayoutSources): Placed[] {
  const inFolder = nameFinder(folder, model.names);
  const inWeights = scopedFinder(weights, scope, model);
  const placed = new Map<string, Placed>();
  const claimed = new Map<string, string>();
  const place = (name: string, ofFolder: string | undefined): void => {
    const ofWeights = inWeights(name);
    if (ofWeights !== undefined) placed.set(name, { name, from: "weights", stored: ofWeights });
    else if (ofFolder !== undefined) placed.set(name, { name, from: "folder", stored: ofFolder });
  };
  for (const name of parameterShapes(model).keys()) {
    const ofFolder = inFolder(name);
    if (ofFolder !== undefined && !claimed.has(ofFolder)) claimed.set(ofFolder, name);
    place(name, ofFolder);
  }
  for (const { name, stored } of others(folder, claimed, model)) {
    if (!placed.has(name)) place(name, stored);
  }
  for (const [copy, name] of Object.entries(model.names.copies ?? {})) {
    const original = placed.get(name);
    if (original) placed.set(copy, { ...original, name: copy });
  }
  return [...placed.values()];
}

/** Finds a parameter among the names that a training gave, or that any file has. */
export function scopedFinder(
  names: readonly string[],
  scope: string,
  { names: rules }: Pick<OpenArchitecture, "names">,
): (name: string) => string | undefined {
  const exact = new Set(names);
  const find = nameFinder(names, rules);
  return (name) => {
    const own = scope ? `${scope}.${name}` : name;
    return exact.has(own) ? own : find(name);
  };
}

/** What no part of the model reads, but files hold: not that which follows from the configuration. */
function others(
  folder: readonly string[],
  claimed: ReadonlyMap<string, string>,
  { names: rules }: OpenArchitecture,
): { name: string; stored: string }[] {
  const moduleOf = (name: string) => name.slice(0, name.lastIndexOf(".") + 1);
  const modules = new Map([...claimed].map(([stored, name]) => [moduleOf(stored), moduleOf(name)]));
  return folder
    .filter((stored) => !claimed.has(stored) && !derived.test(stored))
    .map((stored) => {
      const module = modules.get(moduleOf(stored));
      const name = module === undefined ? renamed(stored, rules) : module + stored.slice(moduleOf(stored).length);
      return { name, stored };
    });
}

/** Positions and masks that old files hold, and later ones do not. */
const derived = /(^|\.)(position_ids|rotary_emb\.inv_freq|attn\.bias|attn\.masked_bias)$/;
