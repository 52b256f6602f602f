/** What a file is by its first bytes: endings may be wrong or missing. */

import { imageEndings } from "#models/files/image-endings";

/** How much of a file tells. An SVG may begin with a long comment. */
export const headBytes = 4096;

/** Endings that pictures have. What has one of them and is none is a damaged picture. */
export const pictureEndings: ReadonlySet<string> = new Set([...imageEndings].map((ending) => `.${ending}`));

const startsWith = (head: Uint8Array, text: string, offset = 0): boolean =>
  [...text].every((letter, i) => head[offset + i] === letter.charCodeAt(0));

/** The brands that an ISO media file names in its first box. */
function brandsOf(head: Uint8Array): string[] {
  if (!startsWith(head, "ftyp", 4)) return [];
  const length = Math.min(head.length, (head[2] ?? 0) * 256 + (head[3] ?? 0));
  const text = new TextDecoder("latin1").decode(head.subarray(8, length));
  return text.match(/.{4}/gs) ?? [];
}

const xmlSpace = [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0xef, 0xbb, 0xbf];
/** Whether the first byte that is no white space or byte-order mark opens a tag. */
export const looksLikeXml = (bytes: Uint8Array): boolean =>
  bytes[bytes.findIndex((byte) => !xmlSpace.includes(byte))] === 0x3c;

/** Whether bytes begin as a Windows bitmap: a header of a known length follows the two letters. */
export const looksLikeBitmap = (head: Uint8Array): boolean =>
  startsWith(head, "BM") && bitmapHeaders.has(head[14] ?? 0) && [15, 16, 17].every((place) => head[place] === 0);

const bitmapHeaders = new Set([12, 40, 52, 56, 64, 108, 124]);

const readKinds: ((head: Uint8Array) => boolean)[] = [
  (head) => startsWith(head, "\x89PNG\r\n\x1a\n"),
  (head) => startsWith(head, "\xff\xd8\xff"),
  (head) => startsWith(head, "GIF87a") || startsWith(head, "GIF89a"),
  (head) => startsWith(head, "RIFF") && startsWith(head, "WEBP", 8),
  (head) => ["II*\0", "MM\0*", "II+\0", "MM\0+"].some((mark) => startsWith(head, mark)),
  (head) => brandsOf(head).some((brand) => brand === "avif" || brand === "avis"),
  looksLikeBitmap,
  (head) => looksLikeXml(head) && /<(?:[\w.-]+:)?svg[\s>]/.test(new TextDecoder().decode(head)),
];

/** Whether a file that begins so is a picture that is read. */
export const isReadPicture = (head: Uint8Array): boolean => readKinds.some((fits) => fits(head));

const unreadKinds: [name: string, fits: (head: Uint8Array) => boolean][] = [
  ["HEIC", (head) => brandsOf(head).some((brand) => /^(hei[cxms]|hev[cxms])$/.test(brand))],
  ["JPEG XL", (head) => startsWith(head, "\xff\x0a") || startsWith(head, "JXL ", 4)],
  ["JPEG 2000", (head) => startsWith(head, "jP  ", 4) || startsWith(head, "\xff\x4f\xff\x51")],
  ["Photoshop", (head) => startsWith(head, "8BPS")],
  ["PDF", (head) => startsWith(head, "%PDF")],
];

/** The name of a kind of picture that is known and not read. */
export const unreadKindOf = (head: Uint8Array): string | undefined =>
  isReadPicture(head) ? undefined : unreadKinds.find(([, fits]) => fits(head))?.[0];
