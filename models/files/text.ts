/** Texts that come from outside: how their bytes are read, what of them can be kept, and where they may be cut. */

/**
 * The text of a file: UTF-8, or UTF-16 where a byte-order mark or the zeros beside Latin letters say so; the mark is no
 * part of it. Guessing anything else would put wrong letters into texts unnoticed: what is neither throws a TypeError.
 */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
}

/** Whether bytes are a text in UTF-16, by their beginning. */
export const isUtf16 = (bytes: Uint8Array): boolean => encodingOf(bytes) !== "utf-8";

function encodingOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  const head = bytes.subarray(0, 1024);
  const even = head.some((byte, i) => byte === 0 && i % 2 === 0);
  const odd = head.some((byte, i) => byte === 0 && i % 2 === 1);
  if (even === odd || bytes.length % 2) return "utf-8";
  return odd ? "utf-16le" : "utf-16be";
}

/** A text that every database and file keeps: halves of surrogate pairs and NUL characters become U+FFFD. */
export const cleanText = (text: string): string => text.replace(/[\0\p{Surrogate}]/gu, "\ufffd");

/** A value of JSON with all of its texts cleaned. What else stands in it, such as a date, stays as it is. */
export function cleanTexts<T>(value: T): T {
  if (typeof value === "string") return cleanText(value) as T;
  if (Array.isArray(value)) return value.map(cleanTexts) as T;
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [cleanText(name), cleanTexts(part)])) as T;
}

const isPlain = (value: object): boolean => [Object.prototype, null].includes(Object.getPrototypeOf(value));

/** Made when it is first needed: it reads much of Unicode's tables. */
let segmenter: Intl.Segmenter | undefined;
function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}

/**
 * The beginning of a text, `length` UTF-16 units of it at most, with `end` after it where something was cut off. A cut
 * is made between what a reader sees as characters: never through an emoji, nor between a letter and its accent.
 */
export function cutText(text: string, length: number, end = ""): string {
  if (text.length <= length) return text;
  const room = length - end.length;
  let cut = 0;
  for (const { index, segment } of graphemes(text)) {
    if (index + segment.length > room) break;
    cut = index + segment.length;
  }
  // A single character that is longer than all the room there is gives way to its first code points.
  return (cut > 0 ? text.slice(0, cut) : withoutHalf(text.slice(0, room))) + end;
}

/** Without a high surrogate at the end, whose other half was cut off. */
const withoutHalf = (text: string): string => text.replace(/[\ud800-\udbff]$/, "");

/** A file's name of `length` UTF-16 units at most; its ending stays, which says what the file is. */
export function cutFileName(name: string, length: number): string {
  const ending = /\.[^.\s]{1,15}$/.exec(name)?.[0] ?? "";
  return cutText(name.slice(0, name.length - ending.length), length - ending.length) + ending;
}
