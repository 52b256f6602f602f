/** Reads tables of FlatBuffers (flatbuffers.dev, "Internals"), as far as Arrow's metadata needs it. */

/** A table in a buffer. Places outside of the buffer throw a RangeError. */
export class FlatTable {
  constructor(
    readonly view: DataView,
    readonly start: number,
  ) {}

  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true));
  }

  int8 = (field: number, missing = 0): number => this.#number(field, missing, (at) => this.view.getInt8(at));
  int16 = (field: number, missing = 0): number => this.#number(field, missing, (at) => this.view.getInt16(at, true));
  int32 = (field: number, missing = 0): number => this.#number(field, missing, (at) => this.view.getInt32(at, true));
  int64 = (field: number): number => this.#number(field, 0, (at) => Number(this.view.getBigInt64(at, true)));

  text(field: number): string {
    const { start, length } = this.#vector(field);
    return new TextDecoder().decode(new Uint8Array(this.view.buffer, this.view.byteOffset + start, length));
  }

  table(field: number): FlatTable | undefined {
    const at = this.#place(field);
    return at ? new FlatTable(this.view, at + this.view.getUint32(at, true)) : undefined;
  }

  tables(field: number): FlatTable[] {
    const { start, length } = this.#vector(field, 4);
    return Array.from({ length }, (_, i) => {
      const at = start + i * 4;
      return new FlatTable(this.view, at + this.view.getUint32(at, true));
    });
  }

  /** A vector of structs of so many bytes, as views of them. */
  structs(field: number, bytes: number): DataView[] {
    const { start, length } = this.#vector(field, bytes);
    return Array.from(
      { length },
      (_, i) => new DataView(this.view.buffer, this.view.byteOffset + start + i * bytes, bytes),
    );
  }

  #number(field: number, missing: number, read: (at: number) => number): number {
    const at = this.#place(field);
    return at ? read(at) : missing;
  }

  /** Where a field lies; 0 where it has its default. */
  #place(field: number): number {
    const vtable = this.start - this.view.getInt32(this.start, true);
    const size = this.view.getUint16(vtable, true);
    const entry = 4 + field * 2;
    const offset = entry + 2 <= size ? this.view.getUint16(vtable + entry, true) : 0;
    return offset ? this.start + offset : 0;
  }

  #vector(field: number, itemBytes = 1): { start: number; length: number } {
    const at = this.#place(field);
    if (!at) return { start: 0, length: 0 };
    const vector = at + this.view.getUint32(at, true);
    const length = this.view.getUint32(vector, true);
    if (vector + 4 + length * itemBytes > this.view.byteLength) throw new RangeError("a vector leaves its buffer");
    return { start: vector + 4, length };
  }
}
