/** The words of a caption as COCO's evaluation counts them: the Penn Treebank's, in small letters, without marks. */

/** What counts for nothing. */
const marks = new Set([..."'`.?!,:-;\"…–—“”‘’", "--", "..."]);

/** A word with what may stand in it, a number with its points and commas, or one mark. */
const tokenPattern =
  /\p{N}+(?:[.,:]\p{N}+)*(?:-?[\p{L}\p{N}]+)*|(?:\p{L}\.){2,}|[\p{L}\p{N}_]+(?:['’-][\p{L}\p{N}_]+)*|\.\.\.|--|[^\s]/gu;
const negation = /^(.+)n['’]t$/u;
const contraction = /^(.+)(['’](?:s|m|d|ll|re|ve))$/u;
const rewritten: Readonly<Record<string, readonly string[]>> = {
  cannot: ["can", "not"],
  gonna: ["gon", "na"],
  gotta: ["got", "ta"],
  wanna: ["wan", "na"],
  // The list of what counts for nothing has brackets in capital letters, which are small by then.
  "(": ["-lrb-"],
  ")": ["-rrb-"],
  "{": ["-lcb-"],
  "}": ["-rcb-"],
  "[": ["-lsb-"],
  "]": ["-rsb-"],
};

/**
 * The tokens of a caption (coco-caption, ptbtokenizer.py: Stanford's PTBTokenizer with `-lowerCase`, without its
 * punctuation). “It's a 3.5-inch dog-bed.” is “it 's a 3.5-inch dog-bed”. Abbreviations such as “mr.” lose their full
 * stop here and keep it there.
 */
export function captionTokens(caption: string): string[] {
  const found = caption.toLowerCase().match(tokenPattern) ?? [];
  return found.flatMap(partsOf).filter((token) => !marks.has(token));
}

function partsOf(token: string): readonly string[] {
  const known = Object.hasOwn(rewritten, token) ? rewritten[token] : undefined;
  if (known) return known;
  const negated = negation.exec(token);
  if (negated) return [negated[1] as string, "n't"];
  const contracted = contraction.exec(token);
  return contracted ? [contracted[1] as string, (contracted[2] as string).replace("’", "'")] : [token];
}
