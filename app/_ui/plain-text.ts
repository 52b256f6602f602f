/** Markdown as one plain text, for where there is room for a few lines. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*(?:#{1,6}|[-*+>]|\d+\.)\s+/gm, "")
    .replace(/\*\*|[*`]/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
