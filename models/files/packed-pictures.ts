import { type PictureRows, pictureBytes } from "./table-file";

/**
 * Pictures of some rows of a column, their bytes one behind the other: of a piece with a thousand pictures one or two
 * are asked for, and an object for each of them would cost more than unpacking the piece.
 */
export class PackedPictures implements PictureRows {
  readonly #bytes: Uint8Array;
  /** Where each picture begins, and where the last one ends. */
  readonly #starts: Float64Array;
  /** The number of the first picture of each row, and how many there are. */
  readonly #firsts: Uint32Array;

  /** `values` are those of a column, as a table gives them. */
  constructor(values: readonly unknown[]) {
    const rows = values.map((value) => (Array.isArray(value) ? value : [value]));
    this.#firsts = new Uint32Array(rows.length + 1);
    for (const [row, list] of rows.entries()) this.#firsts[row + 1] = (this.#firsts[row] as number) + list.length;
    const pictures = rows.flatMap((list) => list.map((value) => pictureBytes(value)));
    this.#starts = new Float64Array(pictures.length + 1);
    for (const [i, bytes] of pictures.entries()) {
      this.#starts[i + 1] = (this.#starts[i] as number) + (bytes?.length ?? 0);
    }
    this.#bytes = new Uint8Array(this.#starts[pictures.length] as number);
    for (const [i, bytes] of pictures.entries()) if (bytes) this.#bytes.set(bytes, this.#starts[i]);
  }

  get weight(): number {
    return this.#bytes.byteLength + this.#starts.byteLength + this.#firsts.byteLength;
  }

  picture(row: number, item = 0): Uint8Array | undefined {
    const [first = 0, end = 0] = this.#firsts.subarray(row, row + 2);
    const number = first + item;
    if (number >= end) return undefined;
    return this.#bytes.subarray(this.#starts[number], this.#starts[number + 1]);
  }
}
