/** Captions as official code of vision-language models cleans them before they are tokenized. */

/** Whose cleaning. */
export const captionRules = ["ALBEF", "BLIP"] as const;
export type CaptionRule = (typeof captionRules)[number];

/**
 * A caption in small letters, without marks, of at most so many words: `pre_caption` of ALBEF's dataset/utils.py, or of
 * BLIP's data/utils.py, which puts a space in place of fewer marks and keeps hyphens, slashes and "<person>".
 */
export function cleanCaption(caption: string, rule: CaptionRule, words: number): string {
  const small = caption.toLowerCase();
  const unmarked =
    rule === "ALBEF"
      ? small
          .replace(/[,.'!?"()*#:;~]/g, "")
          .replaceAll("-", " ")
          .replaceAll("/", " ")
          .replaceAll("<person>", "person")
      : small.replace(/[.!"()*#:;~]/g, " ");
  const joined = unmarked.replace(/\s{2,}/g, " ").replace(/\n+$/, "");
  const stripped = joined.replace(/^ +| +$/g, "");
  return stripped.split(" ").slice(0, words).join(" ");
}
