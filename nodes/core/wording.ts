/** Parts of the sentences in which nodes and their host tell of many things at once. */

/** "a.png, b.png and 3 more": the first names of a list. */
export function namesOf(names: readonly string[], atMost = 10): string {
  const shown = names.slice(0, names.length === atMost + 1 ? atMost + 1 : atMost);
  const rest = names.length - shown.length;
  const last = rest > 0 ? `${rest} more` : shown.pop();
  return shown.length ? `${shown.join(", ")} and ${last}` : (last ?? "");
}

/** `count` of a thing with the verb that follows, such as "1 link leads" and "2 links lead". */
export const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** Whether two names are one: é is one letter in some files' names and a letter with an accent in others'. */
export const sameForm = (name: string): string => name.normalize("NFC");
