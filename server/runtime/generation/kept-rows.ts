/**
 * The keys and values that a decoder keeps of the tokens of each row, in memory that the runtime reads where it lies.
 */
import type { Kept } from "#models/blocks/generation";
import type { Tensor } from "#nodes/core/values";

/**
 * Room grows by so many tokens. The runtime's attention passes over all of it in every step, so there is little to
 * spare, and it shrinks with what is kept: a batch of eight short rows in the room of a long one took 1.5 times as
 * long.
 */
const grain = 64;

const roomFor = (tokens: number): number => Math.ceil(tokens / grain) * grain;

/** One of what is kept: for each row [heads, room, width], of which the first places are filled. */
interface Store {
  kept: Kept;
  /** Where its numbers begin among those that a token adds. */
  offset: number;
  data: Float32Array;
}

export class KeptRows {
  /** How many tokens of each row are kept. */
  #lengths: number[] = [];
  /** For how many rows there is room, and for how many tokens of each. */
  #rowRoom = 0;
  #room = 0;
  readonly #stores: Store[];

  constructor(kept: readonly Kept[]) {
    let offset = 0;
    this.#stores = kept.map((one) => {
      const store = { kept: one, offset, data: new Float32Array() };
      offset += one.heads * one.width;
      return store;
    });
  }

  get lengths(): readonly number[] {
    return this.#lengths;
  }

  /** The bytes that it holds. */
  get bytes(): number {
    return this.#stores.reduce((sum, { data }) => sum + data.byteLength, 0);
  }

  /** What so many rows from `first` on have kept, for the decoder to read; nothing is copied. */
  read(first: number, count: number): Record<string, Tensor> {
    return Object.fromEntries(
      this.#stores.map(({ kept, data }) => {
        const size = this.#rowSize(kept);
        const shape = [count, kept.heads, this.#room, kept.width];
        return [kept.input, { dtype: "float32", shape, data: data.subarray(first * size, (first + count) * size) }];
      }),
    );
  }

  /** As `read`, for rows that have kept nothing. */
  empty(count: number): Record<string, Tensor> {
    const data = new Float32Array();
    return Object.fromEntries(
      this.#stores.map(({ kept }) => [
        kept.input,
        { dtype: "float32", shape: [count, kept.heads, 0, kept.width], data },
      ]),
    );
  }

  /**
   * Keeps what new tokens of some rows added: `counts[i]` tokens of row `first + i`, the first of what came for it.
   * `added`: [rows, tokens, Σ heads·width], what each token adds to all that is kept, side by side; absent where
   * nothing is.
   */
  add(first: number, counts: readonly number[], added: Tensor | undefined): void {
    const longest = Math.max(...counts.map((count, i) => count + (this.#lengths[first + i] ?? 0)));
    this.#reserve(Math.max(this.#rowRoom, first + counts.length), longest);
    if (added) {
      const [, tokens = 1, width = 1] = added.shape;
      const numbers = added.data as Float32Array;
      for (const [i, count] of counts.entries()) {
        const start = i * tokens * width;
        this.#write(first + i, numbers.subarray(start, start + count * width), width);
      }
    }
    for (const [i, count] of counts.entries()) this.#lengths[first + i] = (this.#lengths[first + i] ?? 0) + count;
  }

  /** Forgets all but the first tokens of a row. */
  truncate(row: number, length: number): void {
    this.#lengths[row] = Math.min(length, this.#lengths[row] ?? 0);
  }

  clear(): void {
    this.#lengths = [];
    this.#resize(0, 0);
  }

  /** Gives up the room that no row needs any more. */
  shrink(): void {
    const room = roomFor(Math.max(0, ...this.#lengths));
    if (room < this.#room) this.#resize(this.#rowRoom, room);
  }

  /** Row i becomes what row `rows[i]` is. */
  select(rows: readonly number[]): void {
    const lengths = rows.map((row) => this.#lengths[row] ?? 0);
    this.#reserve(rows.length, Math.max(0, ...lengths));
    const moved = rows.flatMap((from, to) => (from === to ? [] : [{ from, to }]));
    const written = new Set(moved.map(({ to }) => to));
    for (const { kept, data } of this.#stores) {
      const size = this.#rowSize(kept);
      const rowOf = (row: number) => data.subarray(row * size, (row + 1) * size);
      // A row that is read after it was written is put aside first.
      const aside = new Map(
        moved.filter(({ from }) => written.has(from)).map(({ from }) => [from, rowOf(from).slice()]),
      );
      for (const { from, to } of moved) rowOf(to).set(aside.get(from) ?? rowOf(from));
    }
    this.#lengths = lengths;
    this.shrink();
  }

  /** Writes behind what a row has kept what new tokens add, `tokenWidth` numbers each. */
  #write(row: number, added: Float32Array, tokenWidth: number): void {
    const filled = this.#lengths[row] ?? 0;
    for (const { kept, offset, data } of this.#stores) {
      const { heads, width } = kept;
      for (let head = 0; head < heads; head++) {
        let to = ((row * heads + head) * this.#room + filled) * width;
        for (let from = offset + head * width; from < added.length; from += tokenWidth, to += width)
          data.set(added.subarray(from, from + width), to);
      }
    }
  }

  /** Makes room for so many rows of so many tokens. */
  #reserve(rows: number, tokens: number): void {
    this.#resize(Math.max(this.#rowRoom, rows), Math.max(this.#room, roomFor(tokens)));
  }

  #resize(rowRoom: number, room: number): void {
    if (room === this.#room && rowRoom === this.#rowRoom) return;
    for (const store of this.#stores) store.data = this.#laidOut(store, rowRoom, room);
    this.#room = room;
    this.#rowRoom = rowRoom;
  }

  /** What is kept, with other room around it. */
  #laidOut({ kept, data }: Store, rowRoom: number, room: number): Float32Array {
    const { heads, width } = kept;
    const moved = new Float32Array(rowRoom * heads * room * width);
    for (const [row, length] of this.#lengths.entries()) {
      for (let head = row * heads; head < (row + 1) * heads; head++) {
        const start = head * this.#room * width;
        moved.set(data.subarray(start, start + length * width), head * room * width);
      }
    }
    return moved;
  }

  #rowSize({ heads, width }: Kept): number {
    return heads * this.#room * width;
  }
}
