/**
 * A node's docs without the line breaks that only keep the source narrow: as Markdown has it, a paragraph or an item
 * of a list is one line, however wide the place is where it is shown.
 */
export const unfolded = (docs: string): string => docs.replace(/(?<=\S)\n *(?=[^\s-])/g, " ");
