/**
 * How far below the top each parameter of a model lies, by the names that checkpoints have: what layer-wise decay of
 * the learning rate goes by (Clark et al. 2020, ELECTRA; BEiT's and MAE's util/lr_decay.py).
 */

/** A layer's number, such as that of `blocks.3.`: the layers with one beginning are a stack. */
const numbered = /^(?<stack>(?:.*?[._])?(?:resblocks|blocks?|layers?|stages?|h)\.)(?<layer>\d+)\./;
/** What stands before the first layer: patches, words, positions, tokens that are learned. */
const embedded = /embed|_token$|(^|\.)(stem|conv1)\./;

/**
 * Of some names, how many layers lie above each: 0 for heads, last norms and projections, 1 for the last layer of a
 * stack, L for its first, and L + 1 for what its embeddings are. Embeddings belong to the stack whose name has most in
 * common with theirs.
 */
export function layersAbove(names: readonly string[]): (name: string) => number {
  const stacks = new Map<string, number>();
  for (const name of names) {
    const found = layerOf(name);
    if (found) stacks.set(found.stack, Math.max(stacks.get(found.stack) ?? 0, found.layer + 1));
  }
  return (name) => {
    const own = layerOf(name);
    if (own) return (stacks.get(own.stack) ?? 0) - own.layer;
    if (!embedded.test(name)) return 0;
    const nearest = [...stacks].sort(([a], [b]) => commonParts(name, b) - commonParts(name, a))[0];
    return nearest ? nearest[1] + 1 : 0;
  };
}

function layerOf(name: string): { stack: string; layer: number } | undefined {
  const { stack, layer } = numbered.exec(name)?.groups ?? {};
  return stack === undefined ? undefined : { stack, layer: Number(layer) };
}

/** How many parts of two dotted names are equal from the beginning. */
function commonParts(one: string, other: string): number {
  const parts = other.split(".");
  const first = one.split(".").findIndex((part, i) => part !== parts[i]);
  return first < 0 ? parts.length : first;
}
