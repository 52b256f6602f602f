/** Bundles as strangers may send them: a good one, and what can be done to it. */
import { createHash } from "node:crypto";
import { deflateRawSync } from "node:zlib";

export interface RawEntry {
  name: string;
  content: Buffer;
  /** What the directory says instead of the truth. */
  claimed?: number;
  deflate?: boolean;
  /** Unix mode, such as that of a link. */
  mode?: number;
  flags?: number;
}

/** A zip written by hand, so that it may say anything. */
export function rawZip(entries: readonly RawEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { name, content, deflate = false, mode = 0, flags = 0 } = entry;
    const data = deflate ? deflateRawSync(content, { level: 9 }) : content;
    const size = entry.claimed ?? content.length;
    const shared = [
      u16(20),
      u16(flags),
      u16(deflate ? 8 : 0),
      u16(0),
      u16(0x21),
      u32(crc32(content)),
      u32(data.length),
      u32(size),
      u16(Buffer.byteLength(name)),
      u16(0),
    ];
    const local = Buffer.concat([u32(0x04034b50), ...shared, Buffer.from(name), data]);
    const place = [u16(0), u16(0), u16(0), u32((mode << 16) >>> 0), u32(offset), Buffer.from(name)];
    directory.push(Buffer.concat([u32(0x02014b50), u16(0x0314), ...shared, ...place]));
    parts.push(local);
    offset += local.length;
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const counts = [u16(0), u16(0), u16(entries.length), u16(entries.length)];
  const end = Buffer.concat([u32(0x06054b50), ...counts, u32(length), u32(offset), u16(0)]);
  return Buffer.concat([...parts, ...directory, end]);
}

export const hashOf = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

function crc32(bytes: Uint8Array): number {
  let sum = ~0;
  for (const byte of bytes) sum = (sum >>> 8) ^ (table[(sum ^ byte) & 255] as number);
  return ~sum >>> 0;
}
