/** Whether a dotted name fits a pattern, in which * stands for any letters: `blocks.*.attn.*`. */
export const matches = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`).test(name);
