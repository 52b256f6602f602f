/**
 * An archive written as a stream, its files as they are: weights hardly shrink. Whatever its size: the longer fields of
 * ZIP64 come in where the plain ones end (APPNOTE 6.3.10, §4.3 to §4.5).
 */

/** A file of an archive, whose bytes are there when it is their turn. */
export interface ZipFile {
  path: string;
  bytes: number;
  parts(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export const bytesFile = (path: string, bytes: Uint8Array): ZipFile => ({
  path,
  bytes: bytes.byteLength,
  parts: () => [bytes],
});

export const textFile = (path: string, text: string): ZipFile => bytesFile(path, new TextEncoder().encode(text));
export const jsonFile = (path: string, json: unknown): ZipFile => textFile(path, `${JSON.stringify(json, null, 2)}\n`);

/** Its directory, written at the end, needs where each file began and what it summed up to. */
interface Written {
  file: ZipFile;
  start: number;
  checksum: number;
}

export async function* streamZip(files: readonly ZipFile[]): AsyncGenerator<Uint8Array> {
  const written: Written[] = [];
  let offset = 0;
  for (const file of files) {
    const start = offset;
    let checksum = 0;
    let bytes = 0;
    const header = localHeader(file);
    yield header;
    for await (const part of file.parts()) {
      checksum = crc32(part, checksum);
      bytes += part.byteLength;
      yield part;
    }
    if (bytes !== file.bytes)
      throw new Error(`${file.path} came with ${bytes} bytes, and ${file.bytes} were announced`);
    const descriptor = descriptorOf(file, checksum);
    yield descriptor;
    offset += header.byteLength + bytes + descriptor.byteLength;
    written.push({ file, start, checksum });
  }
  const directory = written.map(directoryEntry);
  yield* directory;
  const length = directory.reduce((sum, entry) => sum + entry.byteLength, 0);
  yield endOf(written.length, offset, length);
}

const most = 0xffffffff;
const isLong = ({ bytes }: ZipFile): boolean => bytes >= most;
/** Sums come behind the files (bit 3), and names are UTF-8 (bit 11). */
const flags = 0x0808;
/** 1 January 1980, so that equal files give equal archives. */
const date = 0x0021;

function localHeader(file: ZipFile): Uint8Array {
  const name = new TextEncoder().encode(file.path);
  const long = isLong(file) ? [...u16(1), ...u16(16), ...u64(file.bytes), ...u64(file.bytes)] : [];
  const size = isLong(file) ? most : 0;
  const head = [
    ...u32(0x04034b50),
    ...[isLong(file) ? 45 : 20, flags, 0, 0, date].flatMap(u16),
    ...[0, size, size].flatMap(u32),
    ...[name.length, long.length].flatMap(u16),
  ];
  return Uint8Array.of(...head, ...name, ...long);
}

function descriptorOf(file: ZipFile, checksum: number): Uint8Array {
  const size = isLong(file) ? u64(file.bytes) : u32(file.bytes);
  return Uint8Array.of(...u32(0x08074b50), ...u32(checksum), ...size, ...size);
}

function directoryEntry({ file, start, checksum }: Written): Uint8Array {
  const name = new TextEncoder().encode(file.path);
  const fields = [...(isLong(file) ? [file.bytes, file.bytes] : []), ...(start >= most ? [start] : [])];
  const long = fields.length ? [...u16(1), ...u16(8 * fields.length), ...fields.flatMap(u64)] : [];
  const version = fields.length ? 45 : 20;
  const size = isLong(file) ? most : file.bytes;
  const head = [
    ...u32(0x02014b50),
    ...[version, version, flags, 0, 0, date].flatMap(u16),
    ...[checksum, size, size].flatMap(u32),
    ...[name.length, long.length, 0, 0, 0].flatMap(u16),
    ...[0, Math.min(start, most)].flatMap(u32),
  ];
  return Uint8Array.of(...head, ...name, ...long);
}

function endOf(count: number, start: number, length: number): Uint8Array {
  const long = [
    ...u32(0x06064b50),
    ...u64(44),
    ...[45, 45].flatMap(u16),
    ...[0, 0].flatMap(u32),
    ...[count, count, length, start].flatMap(u64),
    ...[0x07064b50, 0].flatMap(u32),
    ...u64(start + length),
    ...u32(1),
  ];
  const plain = [
    ...u32(0x06054b50),
    ...[0, 0, count, count].flatMap((n) => u16(Math.min(n, 0xffff))),
    ...[length, start].flatMap((n) => u32(Math.min(n, most))),
    ...u16(0),
  ];
  const needsLong = start >= most || length >= most || count >= 0xffff;
  return Uint8Array.of(...(needsLong ? long : []), ...plain);
}

const u16 = (n: number): number[] => [n & 255, (n >>> 8) & 255];
const u32 = (n: number): number[] => [...u16(n), ...u16(n >>> 16)];
const u64 = (n: number): number[] => [...u32(n % 2 ** 32), ...u32(Math.floor(n / 2 ** 32))];

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

/** The checksum of bytes behind others that summed up to `before`. */
function crc32(bytes: Uint8Array, before: number): number {
  let sum = ~before;
  for (const byte of bytes) sum = (sum >>> 8) ^ (table[(sum ^ byte) & 255] as number);
  return ~sum >>> 0;
}
