/**
 * Texts that PNG and WebP files carry beside their pictures. What is read is bounded: a stranger's file may say that it
 * holds more than it does, or more than is good.
 */
import { strToU8, Unzlib, zlibSync } from "fflate";

/** What is wrong with a picture's text, as a sentence. */
export class PictureTextError extends Error {}

/** A text of a picture: under its name, as it was written. */
export interface PictureText {
  name: string;
  text: string;
}

/** A text longer than this is not read, compressed or not. */
export const mostText = 2 ** 20;
/** A picture of more parts is none that anybody made. */
const mostChunks = 100_000;

const signature = [137, 80, 78, 71, 13, 10, 26, 10];

export const isPng = (bytes: Uint8Array): boolean => signature.every((byte, i) => bytes[i] === byte);

/** The texts of a PNG file under one of some names; those of other names are passed over unread. */
export function pngTexts(bytes: Uint8Array, names: readonly string[]): PictureText[] {
  const texts: PictureText[] = [];
  for (const { type, data, isSound } of chunksOf(bytes)) {
    if (type !== "tEXt" && type !== "iTXt" && type !== "zTXt") continue;
    const end = data.indexOf(0);
    const name = end > 0 && end < 80 ? latin1(data.subarray(0, end)) : "";
    if (!names.includes(name)) continue;
    if (data.length > mostText) throw new PictureTextError(tooLong(data.length));
    if (!isSound) throw new PictureTextError("Its data was damaged on the way: a checksum is wrong.");
    texts.push({ name, text: textIn(type, data.subarray(end + 1)) });
  }
  return texts;
}

/** The PNG file with a text under a name, compressed (iTXt), in front of its end. */
export function withPngText(bytes: Uint8Array, name: string, text: string): Uint8Array {
  const end = [...chunksOf(bytes)].find(({ type }) => type === "IEND");
  if (!end) throw new PictureTextError("The picture has no end.");
  // After the name: compressed, by deflate, no language, no translated name.
  const head = Uint8Array.of(...strToU8(name, true), 0, 1, 0, 0, 0);
  const chunk = chunkOf("iTXt", joined([head, zlibSync(strToU8(text))]));
  return joined([bytes.subarray(0, end.offset), chunk, bytes.subarray(end.offset)]);
}

interface Chunk {
  type: string;
  offset: number;
  data: Uint8Array;
  /** Whether its checksum is right; worked out only when it is asked for. */
  readonly isSound: boolean;
}

function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = signature.length;
  for (let count = 0; offset < bytes.length; count++) {
    if (count === mostChunks) throw new PictureTextError(`It has more than ${mostChunks.toLocaleString("en")} parts.`);
    const length = offset + 8 <= bytes.length ? view.getUint32(offset) : Number.POSITIVE_INFINITY;
    const start = offset + 8;
    if (start + length + 4 > bytes.length)
      throw new PictureTextError("It ends too early: a part of the file is missing.");
    const type = latin1(bytes.subarray(offset + 4, start));
    const data = bytes.subarray(start, start + length);
    const checked = bytes.subarray(offset + 4, start + length);
    const expected = view.getUint32(start + length);
    yield {
      type,
      offset,
      data,
      get isSound() {
        return crc32(checked) === expected;
      },
    };
    if (type === "IEND") return;
    offset = start + length + 4;
  }
  throw new PictureTextError("It ends too early: a part of the file is missing.");
}

function textIn(type: "tEXt" | "iTXt" | "zTXt", data: Uint8Array): string {
  if (type === "tEXt") return latin1(data);
  if (type === "zTXt") return latin1(inflated(data.subarray(1)));
  const afterLanguage = data.indexOf(0, 2) + 1;
  const start = data.indexOf(0, afterLanguage) + 1;
  if (afterLanguage < 3 || start <= afterLanguage) throw new PictureTextError("Its text is not written as PNG has it.");
  const body = data.subarray(start);
  const text = data[0] === 1 ? inflated(body) : body;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch {
    throw new PictureTextError("Its text is not Unicode.");
  }
}

/** Stops as soon as it is too much: a few bytes may become gigabytes. */
function inflated(data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  let isWhole = false;
  const inflate = new Unzlib((part, isLast) => {
    parts.push(part);
    length += part.length;
    isWhole = isLast;
    if (length > mostText) throw new PictureTextError(tooLong(mostText));
  });
  const step = 4096;
  try {
    for (let at = 0; at < data.length; at += step) inflate.push(data.subarray(at, at + step), at + step >= data.length);
  } catch (error) {
    if (error instanceof PictureTextError) throw error;
    throw new PictureTextError("Its text is damaged and cannot be unpacked.");
  }
  if (!isWhole) throw new PictureTextError("Its text is damaged and cannot be unpacked.");
  return joined(parts);
}

const tooLong = (bytes: number): string =>
  `It carries a text of more than ${Math.floor(bytes / 2 ** 20) || 1} MiB; 1 MiB is the limit.`;

export const isWebp = (bytes: Uint8Array): boolean =>
  latin1(bytes.subarray(0, 4)) === "RIFF" && latin1(bytes.subarray(8, 12)) === "WEBP";

/** The texts of a WebP file: entries of its EXIF that begin with one of some names and a colon. */
export function webpTexts(bytes: Uint8Array, names: readonly string[]): PictureText[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: PictureText[] = [];
  let offset = 12;
  for (let count = 0; offset + 8 <= bytes.length && count < mostChunks; count++) {
    const length = view.getUint32(offset + 4, true);
    const start = offset + 8;
    if (start + length > bytes.length) throw new PictureTextError("It ends too early: a part of the file is missing.");
    if (latin1(bytes.subarray(offset, offset + 4)) === "EXIF") {
      if (length > mostText) throw new PictureTextError(tooLong(mostText));
      texts.push(...exifTexts(bytes.subarray(start, start + length), names));
    }
    offset = start + length + (length % 2);
  }
  return texts;
}

/** EXIF ends each of its texts with a zero. */
function exifTexts(exif: Uint8Array, names: readonly string[]): PictureText[] {
  const entries = new TextDecoder().decode(exif).split("\0");
  return entries.flatMap((entry) => {
    const name = names.find((each) => entry.startsWith(`${each}:`));
    return name === undefined ? [] : [{ name, text: entry.slice(name.length + 1) }];
  });
}

function chunkOf(type: string, data: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(data.length + 12);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(strToU8(type, true), 4);
  chunk.set(data, 8);
  view.setUint32(data.length + 8, crc32(chunk.subarray(4, data.length + 8)));
  return chunk;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** One character for each byte. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  // Arguments of one call are bounded.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** The checksum of PNG (and of zip and Ethernet). */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 255] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
