/** The members of a tar file, by their headers: ustar, with the long names and sizes of GNU and of POSIX (pax). */
import { type ByteSource, TableError } from "./table-file";

export interface TarMember {
  name: string;
  /** Where its bytes begin, and how many they are. */
  start: number;
  length: number;
}

/** A member that is longer than what there is of the file. */
export class MemberCutOff extends TableError {
  constructor(
    readonly member: string,
    length: number,
    left: number,
  ) {
    super(`“${member}” says that it has ${length} bytes, and the file ends after ${left}.`);
  }
}

const block = 512;
/** What is read at once where headers lie near to each other. */
const windowBytes = 2 ** 16;
/** Long names and the like: nobody has longer ones. */
const largestNote = 2 ** 20;

/**
 * The files in it, in order; folders, links and devices are passed over. Throws a TableError where a header is damaged
 * or says more than the file has; what was given before is right.
 */
export async function* membersOf(source: ByteSource): AsyncGenerator<TarMember> {
  const read = windowed(source);
  let notes: Notes = {};
  for (let offset = 0; offset + block <= source.size; ) {
    const header = await read(offset, offset + block);
    if (header.every((byte) => byte === 0)) return; // two empty blocks end it; some writers leave one out
    const { name, type, size } = fieldsOf(header, offset);
    const length = notes.size ?? size;
    const start = offset + block;
    if (start + length > source.size) throw new MemberCutOff(notes.path ?? name, length, source.size - start);
    const isNote = "LKxg".includes(type);
    if (isNote) {
      if (length > largestNote) throw wrong(offset, `a name has ${length} bytes`);
      notes = { ...notes, ...notesIn(type, await source.read(start, start + length)) };
    } else {
      if (type === "S") throw wrong(offset, "it is a sparse file, which is not read");
      if (type === "0" || type === "7") yield { name: notes.path ?? name, start, length };
      notes = {};
    }
    offset = start + Math.ceil(length / block) * block;
  }
}

/** What is said of the next member in a member before it. */
interface Notes {
  path?: string;
  size?: number;
}

function notesIn(type: string, bytes: Uint8Array): Notes {
  if (type === "L") return { path: textIn(bytes) };
  if (type !== "x") return {};
  const notes: Notes = {};
  // Each line is "length key=value\n", whose length counts itself, in bytes.
  for (let start = 0; start < bytes.length; ) {
    const space = bytes.indexOf(0x20, start);
    const length = Number(textIn(bytes.subarray(start, space)));
    if (space < 0 || !(length > 0)) break;
    const [, key, value = ""] = /^([^=]*)=(.*)$/s.exec(textIn(bytes.subarray(space + 1, start + length - 1))) ?? [];
    if (key === "path") notes.path = value;
    if (key === "size" && /^\d{1,15}$/.test(value)) notes.size = Number(value);
    start += length;
  }
  return notes;
}

function fieldsOf(header: Uint8Array, offset: number): { name: string; type: string; size: number } {
  const claimed = Number.parseInt(textIn(header.subarray(148, 156)).trim(), 8);
  const sums = checksums(header);
  if (!sums.includes(claimed)) throw wrong(offset, "its checksum does not fit");
  const isUstar = textIn(header.subarray(257, 262)) === "ustar";
  const prefix = isUstar && header[263] === 0x30 ? textIn(header.subarray(345, 500)) : "";
  const name = textIn(header.subarray(0, 100));
  const type = String.fromCharCode(header[156] || 0x30);
  return { name: prefix ? `${prefix}/${name}` : name, type, size: sizeIn(header.subarray(124, 136), offset) };
}

/** The sum of all bytes, those of the sum itself as spaces; some old writers took bytes to have a sign. */
function checksums(header: Uint8Array): [number, number] {
  let plain = 0;
  let signed = 0;
  for (const [i, byte] of header.entries()) {
    const counted = i >= 148 && i < 156 ? 0x20 : byte;
    plain += counted;
    signed += counted > 127 ? counted - 256 : counted;
  }
  return [plain, signed];
}

/** In octal digits, or, with the first bit set, as a binary number. */
function sizeIn(field: Uint8Array, offset: number): number {
  if (((field[0] ?? 0) & 0x80) === 0) {
    const digits = textIn(field).trim();
    if (!/^[0-7]*$/.test(digits)) throw wrong(offset, `its size is “${digits}”`);
    return digits ? Number.parseInt(digits, 8) : 0;
  }
  if (field[0] !== 0x80) throw wrong(offset, "its size is negative, or larger than any file");
  const size = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
  if (size > Number.MAX_SAFE_INTEGER) throw wrong(offset, "its size is larger than any file");
  return size;
}

const wrong = (offset: number, what: string): TableError =>
  new TableError(
    `The header of a member at byte ${offset} is wrong: ${what}.`,
    "What follows it cannot be found. Make the file again, or leave bad rows out to go on with what lies before.",
  );

/** Up to the first zero. */
function textIn(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Reads small ranges in larger pieces, as long as they follow each other. */
function windowed(source: ByteSource): (start: number, end: number) => Promise<Uint8Array> {
  let window = { start: 0, bytes: new Uint8Array() };
  return async (start, end) => {
    if (start < window.start || end > window.start + window.bytes.length) {
      const wasNear = start - window.start <= 2 * windowBytes;
      window = {
        start,
        bytes: await source.read(start, Math.min(source.size, start + (wasNear ? windowBytes : block))),
      };
    }
    return window.bytes.subarray(start - window.start, end - window.start);
  };
}
