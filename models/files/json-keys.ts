/** What JSON.parse does not tell of a text: names that stand twice in one object, and how deep it is nested. */
export interface HeaderKeys {
  /** The first name that an object has twice. */
  twice?: string;
  /** Levels of objects and lists; counting ends one beyond the limit. */
  depth: number;
}

/** Deeper texts are refused: a parser would need more memory for them than the text itself has. */
export const nestingLimit = 64;

/** Looks through a text that may be JSON, without a copy of it. */
export function scanKeys(text: string): HeaderKeys {
  const open: (Set<string> | undefined)[] = [];
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (letter === "{" || letter === "[") {
      open.push(letter === "{" ? new Set() : undefined);
      depth = Math.max(depth, open.length);
      if (depth > nestingLimit) return { depth };
    } else if (letter === "}" || letter === "]") open.pop();
    else if (letter === '"') {
      const end = endOfString(text, i);
      const names = open.at(-1);
      if (names && isName(text, end)) {
        const name = unescaped(text.slice(i, end));
        if (names.has(name)) return { twice: name, depth };
        names.add(name);
      }
      i = end - 1;
    }
  }
  return { depth };
}

/** The place behind the quotation mark that ends a string. */
function endOfString(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  return end + 1;
}

/** Whether a colon follows. */
function isName(text: string, end: number): boolean {
  let next = end;
  while (next < text.length && " \t\r\n".includes(text[next] as string)) next++;
  return text[next] === ":";
}

function unescaped(quotedText: string): string {
  if (!quotedText.includes("\\")) return quotedText.slice(1, -1);
  try {
    return JSON.parse(quotedText) as string;
  } catch {
    return quotedText; // JSON.parse of the whole text will say so
  }
}
