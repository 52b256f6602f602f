import type { OpenTokenizer } from "./open";

/**
 * The tokens of a text, and which of them lie in some of its parts, such as those that an assistant says. Special
 * tokens are those in the text; none are added. A token that a part begins or ends in counts as part of it.
 */
export function tokensWithin(
  tokenizer: OpenTokenizer,
  text: string,
  parts: readonly (readonly [start: number, end: number])[],
): { ids: number[]; within: boolean[] } {
  const { ids } = tokenizer.encode(text, { special: false });
  const within = ids.map(() => false);
  for (const [start, end] of parts) {
    const first = sharedTokens(tokenizer, text.slice(0, start), ids).shared;
    const { shared, whole } = sharedTokens(tokenizer, text.slice(0, end), ids);
    within.fill(true, first, whole ? shared : shared + 1);
  }
  return { ids, within };
}

/** How many tokens the beginning of a text shares with the text, and whether they are all of its own. */
function sharedTokens(tokenizer: OpenTokenizer, beginning: string, ids: readonly number[]) {
  const own = tokenizer.encode(beginning, { special: false }).ids;
  const odd = own.findIndex((id, i) => id !== ids[i]);
  return { shared: odd < 0 ? own.length : odd, whole: odd < 0 };
}
