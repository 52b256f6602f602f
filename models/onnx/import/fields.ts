/**
 * Protobuf messages read where they lie, field by field, without decoding what is in them: a file of gigabytes costs a
 * few hundred small reads (https://protobuf.dev/programming-guides/encoding/).
 */
import { OnnxError } from "./error";

/** Bytes that are read here and there: an uploaded file in the browser, or one in memory. */
export interface Source {
  size: number;
  read(start: number, end: number): Promise<Uint8Array>;
}
export interface Span {
  start: number;
  end: number;
}
/** A field of a message: where its content lies, and its value where that is a number. */
export interface Field extends Span {
  /** Where it begins, before its content. */
  tag: number;
  field: number;
  number: number;
}

/** How much is read at a time, wherever a few bytes are asked for. */
const windowBytes = 2 ** 14;
const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 };

export function damaged(what: string): never {
  throw new OnnxError(`This cannot be read as an ONNX model: ${what}.`);
}

export const sourceOf = (bytes: Uint8Array): Source => ({
  size: bytes.length,
  read: async (start, end) => bytes.subarray(start, end),
});

/** A source of which small parts that lie side by side are read together. */
export function inWindows({ size, read }: Source, bytes = 2 ** 20): Source {
  let window: { start: number; content: Uint8Array } = { start: 0, content: new Uint8Array() };
  return {
    size,
    async read(start, end) {
      if (end - start >= bytes) return read(start, end);
      if (start < window.start || end > window.start + window.content.length)
        window = { start, content: await read(start, Math.min(size, start + bytes)) };
      return window.content.subarray(start - window.start, end - window.start);
    },
  };
}

export class FieldReader {
  #bytes = new Uint8Array();
  #from = 0;

  constructor(readonly source: Source) {}

  /** The fields of a message. */
  async *fields({ start, end }: Span): AsyncGenerator<Field> {
    for (let position = start; position < end; ) {
      const field = await this.#field(position, end);
      yield field;
      position = field.end;
    }
  }

  /** The content of a small field. */
  async bytes({ start, end }: Span, maxBytes: number): Promise<Uint8Array> {
    if (end - start > maxBytes) damaged(`a part claims ${end - start} bytes, and ${maxBytes} are the limit`);
    if (end - start > windowBytes) return this.source.read(start, end);
    if (start < this.#from || end > this.#from + this.#bytes.length) await this.#look(start);
    return this.#bytes.subarray(start - this.#from, end - this.#from);
  }

  async text(span: Span, maxBytes: number): Promise<string> {
    return new TextDecoder().decode(await this.bytes(span, maxBytes));
  }

  async #field(position: number, end: number): Promise<Field> {
    const tag = await this.#varint(position, end);
    const wire = tag.value & 7;
    const field = Math.floor(tag.value / 8);
    if (field === 0) damaged(`there is no field at byte ${position}`);
    if (wire === wireTypes.varint) {
      const { value, next } = await this.#varint(tag.next, end);
      return { tag: position, field, number: value, start: tag.next, end: next };
    }
    const { value: length, next } = await this.#length(wire, tag.next, end);
    if (next + length > end) damaged(`a part at byte ${position} claims ${length} bytes, and ${end - next} are left`);
    return { tag: position, field, number: 0, start: next, end: next + length };
  }

  async #length(wire: number, position: number, end: number): Promise<{ value: number; next: number }> {
    if (wire === wireTypes.bytes) return this.#varint(position, end);
    if (wire === wireTypes.fixed64) return { value: 8, next: position };
    if (wire === wireTypes.fixed32) return { value: 4, next: position };
    return damaged(`there is no field at byte ${position}`);
  }

  async #varint(position: number, end: number): Promise<{ value: number; next: number }> {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      if (position + i >= end) return damaged("it ends in the middle of a number");
      const byte = await this.#byte(position + i);
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return { value, next: position + i + 1 };
    }
    return damaged(`there is no number at byte ${position}`);
  }

  async #byte(position: number): Promise<number> {
    if (position < this.#from || position >= this.#from + this.#bytes.length) await this.#look(position);
    return this.#bytes[position - this.#from] ?? damaged("it ends early");
  }

  /** Reads what begins at a position. */
  async #look(position: number): Promise<void> {
    const end = Math.min(this.source.size, position + windowBytes);
    this.#bytes = new Uint8Array(await this.source.read(position, end));
    this.#from = position;
  }
}
