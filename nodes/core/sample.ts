/**
 * So many items of a list whose end is not known: the first, or every first, second, fourth, … one, as few of them as
 * fit.
 */
export class Sample<T> {
  items: T[] = [];
  places: number[] = [];
  /** How many there were. */
  seen = 0;
  #stride = 1;

  constructor(
    readonly limit: number,
    readonly isSpread: boolean,
  ) {}

  add(make: () => T): void {
    const place = this.seen++;
    if (place % this.#stride) return;
    if (this.items.length === this.limit) {
      if (!this.isSpread || this.limit === 1) return;
      this.#thinOut();
      if (place % this.#stride) return;
    }
    this.items.push(make());
    this.places.push(place);
  }

  #thinOut(): void {
    this.#stride *= 2;
    this.items = this.items.filter((_, i) => i % 2 === 0);
    this.places = this.places.filter((_, i) => i % 2 === 0);
  }
}

/** How much of it there is, in words. */
export const partOf = ({ items, seen }: Sample<unknown>): string =>
  items.length < seen ? `${items.length} of ${seen.toLocaleString("en")}, evenly drawn` : `all ${seen}`;
