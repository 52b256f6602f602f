/** Whether a name fits one of some patterns, in which * stands for any letters. */
export function matches(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => regexOf(pattern).test(name));
}

/** Patterns as a person writes them: one per line, or separated by commas. */
export const listOf = (text: string): string[] =>
  text
    .split(/[\n,]/)
    .map((p) => p.trim())
    .filter(Boolean);

const known = new Map<string, RegExp>();
function regexOf(pattern: string): RegExp {
  const regex =
    known.get(pattern) ??
    new RegExp(
      `^${pattern
        .split("*")
        .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
        .join("[^]*?")}$`,
    );
  known.set(pattern, regex);
  return regex;
}
