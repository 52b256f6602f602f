/** Whether a regular expression of a stranger's tokenizer can be run at all: some take longer than the world lasts. */

/**
 * What is repeated in a pattern although it holds repetitions or alternatives of its own, such as `(a+)+`; undefined
 * where nothing is. Matching such a pattern may take time that doubles with each letter, and no real tokenizer has one.
 */
export function nestedRepetition(pattern: string): string | undefined {
  const open: { start: number; choices: boolean }[] = [];
  let inClass = 0;
  for (let i = 0; i < pattern.length; i++) {
    const letter = pattern[i] as string;
    if (letter === "\\") i += escapeLength(pattern.slice(i)) - 1;
    else if (letter === "[") inClass++;
    else if (inClass) inClass -= letter === "]" ? 1 : 0;
    else if (letter === "(") open.push({ start: i, choices: false });
    else if (letter === ")") {
      const group = open.pop();
      const repeats = repeatsMoreThanOnce(pattern.slice(i + 1));
      if (group?.choices && repeats) return pattern.slice(group.start, i + 2);
      const outer = open.at(-1);
      if (outer && (group?.choices || repeats)) outer.choices = true;
    } else if (/[*+|{]/.test(letter) || (letter === "?" && pattern[i - 1] !== "(")) {
      const group = open.at(-1);
      if (group) group.choices = true;
    }
  }
  return undefined;
}

/** Letters of an escape such as \\n or \\p{Letter}. */
const escapeLength = (rest: string): number => (/^\\[pPxu]\{[^}]*\}/.exec(rest)?.[0] ?? rest.slice(0, 2)).length;

const repeatsMoreThanOnce = (rest: string): boolean =>
  /^[*+]/.test(rest) || (/^\{\d*(,\d*)?\}/.test(rest) && !/^\{(0|1|0?,1|1,1)\}/.test(rest));

/** The regular expressions in a tokenizer.json, with the paths to them. */
export function* patternsIn(
  value: unknown,
  path: readonly string[] = [],
): Generator<{ path: string; pattern: string }> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const place = [...path, name];
    if (name === "Regex" && typeof inner === "string") yield { path: place.join("."), pattern: inner };
    else if (name !== "vocab" && name !== "merges" && name !== "added_tokens") yield* patternsIn(inner, place);
  }
}
