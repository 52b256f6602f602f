import { cutText } from "#models/files/text";
import { refusePicture, pictureLimits } from "./picture-limits";

/** Attributes and rules through which an SVG could name something outside of itself. */
const outward =
  /(?:\bhref\s*=\s*|\bsrc\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s>]*))|url\(\s*(?:"([^"]*)"|'([^']*)'|([^)]*))\s*\)/gi;
const inward = /^\s*(?:#|data:image\/(?:png|jpe?g|gif|webp);base64,)/i;
const forbidden: [RegExp, string][] = [
  [/<!ENTITY|<!DOCTYPE[^>]*\[/i, "it declares entities"],
  [/<(?:[\w.-]+:)?script\b/i, "it holds a script"],
  [/<(?:[\w.-]+:)?foreignObject\b/i, "it embeds foreign content"],
  [/@import\b/i, "it imports a style sheet"],
  [/<\?xml-stylesheet/i, "it refers to a style sheet"],
  [/<xi:include|http:\/\/www\.w3\.org\/2001\/XInclude/i, "it includes another document"],
];

/**
 * An SVG draws, and does nothing else: no reference leaves it. The renderer would not follow one; here the person
 * learns of it.
 */
export function checkSvg(bytes: Uint8Array, name: string): void {
  const clean = "Remove it, or save the drawing as PNG.";
  if (bytes.byteLength > pictureLimits.svgBytes)
    refusePicture(
      name,
      `it has ${Math.ceil(bytes.byteLength / 2 ** 20)} MiB, and an SVG may have ${pictureLimits.svgBytes / 2 ** 20}`,
      "Simplify the drawing, or save it as PNG.",
    );
  const text = textOf(bytes, name);
  const found = forbidden.find(([pattern]) => pattern.test(text));
  if (found) refusePicture(name, found[1], clean);
  for (const match of text.matchAll(outward)) {
    const target = match.slice(1).find((group) => group !== undefined) ?? "";
    if (!inward.test(target))
      refusePicture(name, `it refers to “${cutText(target.trim(), 80, "…")}”, which lies outside of it`, clean);
  }
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // told below
  }
  return refusePicture(name, "it is no UTF-8 text", "Save the SVG as UTF-8.");
}
