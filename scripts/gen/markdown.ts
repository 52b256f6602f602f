/** What the pages under docs/ need to know of Markdown as GitHub draws it. */

/** The anchor of a heading: small letters, no punctuation, hyphens for spaces. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}
