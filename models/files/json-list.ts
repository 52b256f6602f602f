/** One JSON list of objects. An index of where they begin is made once; rows are read by range. */
import { inMemory, inUtf8, Offsets, offsetsIn, openRows, pieceBytes, type RowFormat } from "./indexed-rows";
import { jsonRecord } from "./lines";
import { type ByteSource, type KeepIndex, TableError, type TableFile } from "./table-file";

/** The first objects, and of the file no more than that: to see what columns there are. */
const head = { objects: 100, bytes: 2 ** 20 };

export async function openJsonList(file: ByteSource, keep: KeepIndex): Promise<TableFile> {
  const source = await inUtf8(file);
  return openRows(source, offsetsIn(await keep("json list", () => startsIn(source))), format);
}

export async function openJsonListHead(file: ByteSource): Promise<TableFile> {
  const first = inMemory(await file.read(0, Math.min(file.size, head.bytes)));
  const source = await inUtf8(first);
  return openRows(source, offsetsIn(await startsIn(source, first.size < file.size ? head.objects : undefined)), format);
}

/** An object, with the comma that ends it. */
const format: RowFormat = { row: (text) => jsonRecord(text.replace(/,?\s*$/, "")) };

/** Where objects begin, and where the last one ends; of so many first ones, where that is all that is asked for. */
async function startsIn(source: ByteSource, most = Number.POSITIVE_INFINITY): Promise<Uint8Array<ArrayBuffer>> {
  const list = new ListReader();
  for (let offset = 0; offset < source.size && list.starts.length <= most; offset += pieceBytes) {
    list.meet(await source.read(offset, Math.min(source.size, offset + pieceBytes)), offset);
  }
  if (most < Number.POSITIVE_INFINITY) return list.starts.bytes();
  if (!list.isClosed) throw noList();
  return list.starts.bytes();
}

const noList = (): TableError => new TableError("It is no JSON, or cut off.", "Download or copy it again, to the end.");

const byteOrder = [0xef, 0xbb, 0xbf];
const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** Follows how deep what is read lies in lists and objects. What the objects hold is read later. */
class ListReader {
  readonly starts = new Offsets();
  isClosed = false;
  #depth = 0;
  #isText = false;
  #isEscaped = false;
  /** Whether the object that is being read has begun, and whether one is due, after a comma. */
  #isOpen = false;
  #isDue = false;

  meet(bytes: Uint8Array, offset: number): void {
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (this.#isText) this.#inText(byte);
      else if (!isSpace(byte)) this.#outside(byte, offset + i);
    }
  }

  #inText(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#isText = false;
  }

  #outside(byte: number, place: number): void {
    if (this.#depth === 0) this.#begin(byte, place);
    else if (this.#depth === 1 && byte === closeList) this.#close(place);
    else if (this.#depth === 1 && byte === comma) {
      if (!this.#isOpen) throw noList();
      this.#isOpen = false;
      this.#isDue = true;
    } else this.#within(byte, place);
  }

  /** Before the list there is nothing but a mark of the order of bytes, and behind it nothing. */
  #begin(byte: number, place: number): void {
    if (place < byteOrder.length && byte === byteOrder[place] && !this.isClosed) return;
    if (this.isClosed) throw noList();
    if (byte === openObject) throw new TableError("It is no JSON list.", "A list of objects is read.");
    if (byte !== openList) throw noList();
    this.#depth = 1;
  }

  #close(place: number): void {
    if (this.#isDue && !this.#isOpen) throw noList();
    if (this.starts.length) this.starts.push(place);
    this.#depth = 0;
    this.isClosed = true;
  }

  #within(byte: number, place: number): void {
    if (!this.#isOpen) {
      this.starts.push(place);
      this.#isOpen = true;
    }
    if (byte === quote) this.#isText = true;
    else if (byte === openList || byte === openObject) this.#depth++;
    else if (byte === closeList || byte === closeObject) this.#depth--;
  }
}
