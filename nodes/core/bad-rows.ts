/** Rows of a data set that cannot be used: named by file and row, and left out where that is asked for. */
import type { Host } from "./host";
import { counted } from "./wording";

/** Rows of a file, by their places among all that are taken. */
interface Part {
  file: { name: string };
  rows?: Uint32Array;
  first: number;
  count: number;
}

const named = 10;

export class BadRows {
  readonly #flags: Uint8Array;
  readonly #first: string[] = [];
  #told = 0;
  #dropped = 0;

  constructor(
    readonly parts: readonly Part[],
    count: number,
  ) {
    this.#flags = new Uint8Array(count);
  }

  /** Takes a row in, with what is wrong with it; of a row that is known already nothing more is said. */
  add(place: number, reason: string): void {
    if (this.#flags[place]) return;
    this.#flags[place] = 1;
    this.#told++;
    if (this.#first.length < named) this.#first.push(`${this.nameOf(place)}: ${reason}`);
  }

  /** Leaves a row out of which somebody else tells. */
  drop(place: number): void {
    if (this.#flags[place]) return;
    this.#flags[place] = 1;
    this.#dropped++;
  }

  has(place: number): boolean {
    return this.#flags[place] === 1;
  }

  /** "row 13 of “train.parquet”": as people count. */
  nameOf(place: number): string {
    const part = this.parts.findLast(({ first, count }) => first <= place && count > 0);
    const row = part ? (part.rows?.[place - part.first] ?? place - part.first) : place;
    return `row ${row + 1} of “${part?.file.name ?? ""}”`;
  }

  /** Stops because of them, or says that they are left out. */
  tell(host: Host, bad: "stop" | "leave out"): void {
    if (!this.#told) return;
    const more = this.#told > this.#first.length ? `; and ${this.#told - this.#first.length} more` : "";
    const list = this.#first.join("; ") + more;
    const of = `of ${this.#flags.length} ${this.#flags.length === 1 ? "row" : "rows"}`;
    if (bad === "leave out") {
      host.warn(
        `${counted(this.#told, `${of} cannot be used, and is`, `${of} cannot be used, and are`)} left out: ${list}.`,
      );
      return;
    }
    throw Object.assign(new Error(`${this.#told} ${of} cannot be used: ${list}.`), {
      hint: "Correct the rows, or set “Bad rows” to leave them out.",
    });
  }

  /** The places of all others; nothing where there are only good ones. */
  others(): Uint32Array | undefined {
    if (!this.#told && !this.#dropped) return undefined;
    const kept = new Uint32Array(this.#flags.length - this.#told - this.#dropped);
    let filled = 0;
    for (const [place, flag] of this.#flags.entries()) {
      if (!flag) kept[filled++] = place;
    }
    return kept;
  }
}
