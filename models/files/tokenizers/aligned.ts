/**
 * Texts that are rewritten and still know where each letter comes from, after the rules of Hugging Face's library: a
 * letter that is put in belongs to the letter before it, what several letters become belongs to the first of them.
 * A letter is a code point, and so are the places in the text.
 */
export type Span = readonly [start: number, end: number];

export interface Aligned {
  letters: readonly string[];
  /** Where each letter lies in the original text. */
  spans: readonly Span[];
}

/** A letter of the new text: 1 where it is put in, else 0, or −n where n more letters behind the replaced one go. */
export type Change = readonly [letter: string, change: number];

export function aligned(text: string): Aligned {
  const letters = Array.from(text);
  return { letters, spans: letters.map((_, place) => [place, place + 1]) };
}

export const textOf = ({ letters }: Aligned): string => letters.join("");
export const lettersIn = (text: string): number => Array.from(text).length;

export function sliced({ letters, spans }: Aligned, start: number, end?: number): Aligned {
  return { letters: letters.slice(start, end), spans: spans.slice(start, end) };
}

/** From the first of some letters to the last of them. */
export function spanOf({ spans }: Aligned, start = 0, end = spans.length): Span {
  const [first, last] = [spans[start], spans[end - 1]];
  return first && last ? [first[0], last[1]] : [0, 0];
}

/** The text with other letters; `skipped` letters at its beginning are gone. */
export function changed({ spans }: Aligned, changes: readonly Change[], skipped = 0): Aligned {
  const beginning = spans[0]?.[0] ?? 0;
  let place = skipped;
  const moved = changes.map(([, change]): Span => {
    const span = spans[change > 0 ? place - 1 : place] ?? [beginning, beginning];
    if (change <= 0) place += 1 - change;
    return span;
  });
  return { letters: changes.map(([letter]) => letter), spans: moved };
}

/** The text with something before it, which belongs to its first letter. */
export function prepended(text: Aligned, beginning: string): Aligned {
  const { letters, spans } = text;
  const first = spans[0];
  if (!first) return text;
  const added = Array.from(beginning);
  return { letters: [...added, ...letters], spans: [...added.map(() => first), ...spans] };
}

/** The text with something else wherever the pattern fits, which belongs to the last letter that it replaces. */
export function replaced(text: Aligned, pattern: RegExp, content: string): Aligned {
  const whole = textOf(text);
  const letters: string[] = [];
  const spans: Span[] = [];
  let place = 0;
  let end = 0;
  const keep = (until?: number) => {
    const kept = Array.from(whole.slice(end, until));
    letters.push(...kept);
    spans.push(...text.spans.slice(place, place + kept.length));
    place += kept.length;
  };
  for (const match of whole.matchAll(pattern)) {
    keep(match.index);
    place += lettersIn(match[0]);
    end = match.index + match[0].length;
    const span = text.spans[place - 1] ?? [0, 0];
    for (const letter of content) {
      letters.push(letter);
      spans.push(span);
    }
  }
  keep();
  return { letters, spans };
}

/** The parts of a text that a cut made of it, in their order; what lies between them is left out. */
export function partsIn(text: Aligned, parts: readonly string[]): Aligned[] {
  const whole = textOf(text);
  let place = 0;
  let end = 0;
  return parts.map((part) => {
    const start = Math.max(end, whole.indexOf(part, end));
    place += lettersIn(whole.slice(end, start));
    const found = sliced(text, place, place + lettersIn(part));
    place += found.letters.length;
    end = start + part.length;
    return found;
  });
}
