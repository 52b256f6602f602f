/**
 * What `JSON.parse` passes over in silence: it keeps the last of two values of one name, makes a name of JavaScript's
 * own into no name at all, and takes values nested so deeply that whoever walks them afterwards runs out of stack.
 */
export interface JsonFlaw {
  kind: "duplicate" | "reserved" | "deep";
  /** Where it is, from the outermost value on. */
  path: (string | number)[];
}

const maxFlaws = 20;

/** An object or a list whose end was not met yet. */
interface Open {
  /** Of an object: the names that were met. */
  names?: Set<string>;
  /** The name, or the place in the list, of the value that comes next. */
  step: string | number;
  /** A name comes next, and no value. */
  awaitsName: boolean;
}

/**
 * The flaws of a text of JSON, whose values may be nested in `maxDepth` objects and lists. It is not checked whether it
 * is JSON: `JSON.parse` tells that. Nothing of the text is copied but its names.
 */
export function jsonFlaws(text: string, maxDepth: number): JsonFlaw[] {
  const flaws: JsonFlaw[] = [];
  const open: Open[] = [];
  const pathOf = () => open.map(({ step }) => step);
  for (let i = 0; i < text.length && flaws.length < maxFlaws; i++) {
    const mark = text[i];
    const inner = open.at(-1);
    if (mark === '"') {
      const end = stringEnd(text, i);
      if (end < 0) return flaws;
      if (inner?.awaitsName) {
        const kind = meetName(inner, nameIn(text.slice(i, end + 1)));
        if (kind) flaws.push({ kind, path: pathOf() });
      }
      i = end;
    } else if (mark === "{" || mark === "[") {
      if (open.length === maxDepth) return [...flaws, { kind: "deep", path: pathOf() }];
      open.push(mark === "{" ? { names: new Set(), step: "", awaitsName: true } : { step: 0, awaitsName: false });
    } else if (mark === "}" || mark === "]") {
      open.pop();
    } else if (mark === "," && inner) {
      if (inner.names) inner.awaitsName = true;
      else inner.step = Number(inner.step) + 1;
    }
  }
  return flaws;
}

/** Takes a name into its object, and says what is wrong with it. */
function meetName(object: Open, name: string): JsonFlaw["kind"] | undefined {
  object.step = name;
  object.awaitsName = false;
  if (name === "__proto__") return "reserved";
  if (object.names?.has(name)) return "duplicate";
  object.names?.add(name);
  return undefined;
}

/** A name is the same however its letters are written: "a" and "\\u0061". */
function nameIn(quoted: string): string {
  try {
    return JSON.parse(quoted);
  } catch {
    return quoted;
  }
}

/** The place of the quotation mark that ends the string that begins at `start`; −1 where none does. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** After an odd number of backslashes. */
function isEscaped(text: string, place: number): boolean {
  let slashes = 0;
  while (text[place - 1 - slashes] === "\\") slashes++;
  return slashes % 2 === 1;
}
