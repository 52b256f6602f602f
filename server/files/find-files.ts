/** Which files of a folder are meant: by name, or by patterns with *, **, ?, {a,b} and {000..012}. */
import { Failure } from "../errors";

const mostNames = 100_000;

/** Patterns stand one a line. */
export function patternsIn(text: string): string[] {
  const patterns = text
    .split("\n")
    .map((line) => line.trim().replace(/^\.\//, ""))
    .filter(Boolean);
  return patterns.flatMap(expandBraces);
}

/** Whether a pattern stands for files that must be looked for. */
export const isGlob = (pattern: string): boolean => /[*?]/.test(pattern);

/** * and ? stand for letters of one name, ** for any folders. */
export function fits(pattern: string, path: string): boolean {
  const source = pattern.replace(/\*\*\/|\*\*|[*?]|[.+^${}()|[\]\\]/g, (part) => globParts[part] ?? `\\${part}`);
  return new RegExp(`^${source}$`, "u").test(path);
}

const globParts: Record<string, string> = { "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]" };

/** The first braces of a pattern, whose parts hold no braces themselves. */
const braces = /\{([^{}]*)\}/;

function expandBraces(pattern: string): string[] {
  let names = [pattern];
  while (names.some((name) => braces.test(name))) {
    names = names.flatMap((name) => {
      const [found, inner = ""] = braces.exec(name) ?? [];
      return found === undefined ? [name] : optionsIn(inner, name).map((option) => name.replace(found, () => option));
    });
    if (names.length > mostNames) throw tooMany(pattern);
  }
  return names;
}

function optionsIn(inner: string, pattern: string): string[] {
  const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(inner) ?? [];
  if (first === undefined || last === undefined) return inner.split(",");
  const count = Number(last) - Number(first) + 1;
  if (count > mostNames) throw tooMany(pattern);
  return Array.from({ length: Math.max(0, count) }, (_, i) => String(Number(first) + i).padStart(first.length, "0"));
}

const tooMany = (pattern: string): Failure =>
  new Failure({
    param: "files",
    message: `“${pattern}” stands for more than ${mostNames} files.`,
    hint: "Give the files of a smaller part, or a pattern with *.",
  });
