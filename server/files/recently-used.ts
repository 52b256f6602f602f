/** Keeps what was used last, up to a weight in all. */
export class RecentlyUsed<V> {
  readonly #kept = new Map<string, { value: V; weight: number }>();
  #weight = 0;

  constructor(readonly most: number) {}

  get(name: string): V | undefined {
    const found = this.#kept.get(name);
    if (!found) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, found);
    return found.value;
  }

  set(name: string, value: V, weight: number): void {
    this.delete(name);
    this.#kept.set(name, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#kept.keys()) {
      if (this.#weight <= this.most || oldest === name) break;
      this.delete(oldest);
    }
  }

  delete(name: string): void {
    this.#weight -= this.#kept.get(name)?.weight ?? 0;
    this.#kept.delete(name);
  }
}
