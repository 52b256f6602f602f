import { random } from "../random";

/** Which of several sources each step draws from, the number of the source and how many steps it had before. */
export interface Turns {
  /** Of the 1-based step. */
  at(step: number): { source: number; before: number };
  /** How many steps a source has in all. */
  count(source: number): number;
}

/**
 * Gives each source its share of the steps, to the step, in an order that the seed draws. A function of its arguments
 * alone, so a resumed run takes the turns that the first one would have taken.
 */
export function turns(shares: readonly number[], steps: number, seed: number | string): Turns {
  const counts = portions(shares, steps);
  const deck = Uint8Array.from(counts.flatMap((count, source) => Array<number>(count).fill(source)));
  const order = shares.length > 1 ? random(seed, "turns").permutation(steps) : undefined;
  const sources = order ? Uint8Array.from(order, (i) => deck[i] as number) : deck;
  const before = new Uint32Array(steps);
  const taken = new Uint32Array(shares.length);
  for (const [i, source] of sources.entries()) {
    before[i] = taken[source] as number;
    taken[source] = (taken[source] as number) + 1;
  }
  return {
    at: (step) => ({ source: sources[step - 1] as number, before: before[step - 1] as number }),
    count: (source) => counts[source] as number,
  };
}

/** A whole parted by shares into whole numbers, what is left over going to the largest remainders. */
export function portions(shares: readonly number[], whole: number): number[] {
  const sum = shares.reduce((total, share) => total + share, 0);
  const exact = shares.map((share) => (whole * share) / sum);
  const parts = exact.map(Math.floor);
  const left = whole - parts.reduce((total, part) => total + part, 0);
  const byRemainder = exact.map((part, i) => ({ i, rest: part - Math.floor(part) }));
  byRemainder.sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of byRemainder.slice(0, left)) parts[i] = (parts[i] as number) + 1;
  return parts;
}
