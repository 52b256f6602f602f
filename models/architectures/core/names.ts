/**
 * The names of tensors in files. Ours are those of most files on the hub; transformers 5 writes others, its modules
 * have others inside, and old files have oddities of their own.
 */
export interface NameRules {
  /** Made one after the other on a name in a file: what matches becomes what stands behind. */
  renames?: readonly (readonly [RegExp, string])[];
  /** What may stand before a model's names, or be missing there: `vision_model`, `bert`. */
  prefixes?: readonly string[];
  /** Tensors that are one in memory, and of which a file may hold one alone: ours to the other's. */
  tied?: Readonly<Record<string, string>>;
  /** What files of the hub hold twice: the other name, which some version of transformers reads, to ours. */
  copies?: Readonly<Record<string, string>>;
  /** What makes a module's name in transformers 5 of ours, where adapters on it bear another than in transformers 4. */
  modules?: readonly (readonly [RegExp, string])[];
  /** Matrices that lie as [in, out]. */
  transposed?: RegExp;
}

/** What transformers 5 calls parts of the LLaVA family, as most files have them. */
export const llavaRenames: NonNullable<NameRules["renames"]> = [
  [/^model\.language_model\./, "language_model.model."],
  [/^model\.(vision_tower|multi_modal_projector|image_newline)\b/, "$1"],
  [/^lm_head\./, "language_model.lm_head."],
  [/^vision_tower\.(?!vision_model\.)/, "vision_tower.vision_model."],
];

/** The same for the decoder of MAE. */
export const maeRenames: NonNullable<NameRules["renames"]> = [
  [/^decoder\.decoder_encoder\.layer\./, "decoder.decoder_layers."],
];

/** Oddities that any file may have. */
const everywhere: NonNullable<NameRules["renames"]> = [
  [/\bLayerNorm\.gamma$/, "LayerNorm.weight"],
  [/\bLayerNorm\.beta$/, "LayerNorm.bias"],
  [/^base_model\.model\./, ""],
  // PEFT's name of a layer around which it puts an adapter; its bias may have been trained, too.
  [/\.base_layer\./, "."],
];

/** What a name in a file becomes, its prefix aside. */
export const renamed = (name: string, { renames = [] }: NameRules): string =>
  [...everywhere, ...renames].reduce((text, [from, to]) => text.replace(from, to), name);

/** Finds the tensor of a file that a parameter of ours is. */
export function nameFinder(names: Iterable<string>, rules: NameRules) {
  const { prefixes = [], tied = {} } = rules;
  const all = [...new Set(names)];
  // A file may hold both what a name becomes and what it was: the one that is less changed is it.
  const readings = [new Map(all.map((name) => [name, name])), readingOf(all, {}), readingOf(all, rules)];
  const direct = (name: string) => readings.find((reading) => reading.has(name))?.get(name);
  const find = (name: string): string | undefined => {
    const found = direct(name);
    if (found !== undefined) return found;
    for (const other of variantsOf(name, prefixes)) {
      const variant = direct(other);
      if (variant !== undefined) return variant;
    }
    return undefined;
  };
  return (name: string): string | undefined => {
    const found = find(name);
    const other = tied[name];
    return found ?? (other === undefined ? undefined : find(other));
  };
}

/** Names in a file by what they become; of several that become one, the first. */
const readingOf = (names: readonly string[], rules: NameRules): Map<string, string> =>
  new Map(names.toReversed().map((name) => [renamed(name, rules), name]));

/** A name without a prefix that it has, and with one that it has not. */
function variantsOf(name: string, prefixes: readonly string[]): string[] {
  return prefixes.flatMap((prefix) => {
    const begin = `${prefix}.`;
    return name.startsWith(begin) ? [name.slice(begin.length)] : [`${begin}${name}`];
  });
}
