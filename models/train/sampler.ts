import { random } from "../random";

/** Batches of rows, epoch by epoch. A function of its arguments alone, so a resumed run draws what the first one would have drawn. */
export interface Sampler {
  /** The rows of the 1-based step. Steps are asked in any order; later ones cost the epochs before them once. */
  batch(step: number): Uint32Array;
}

/**
 * Every epoch is a fresh permutation of the rows, cut into batches; an incomplete last batch is dropped. With `distinct`, rows of one
 * name never meet in a batch: a row that would is put off to the next batch.
 */
export function sampler({ rows, batch, seed, distinct }: { rows: number; batch: number; seed: number; distinct?: readonly string[] }): Sampler {
  const names = new Set(distinct).size;
  if (rows < batch) throw Object.assign(new Error(`A batch of ${batch} rows cannot be drawn from ${rows}.`), { hint: "Make the batch smaller, or give more data." });
  if (distinct && names < batch) throw Object.assign(new Error(`A batch of ${batch} rows of different names cannot be drawn from ${names} names.`), { hint: "Make the batch smaller, or leave “distinct” unconnected." });
  const epochs: Uint32Array[][] = [];
  const epoch = (index: number): Uint32Array[] => {
    const order = random(seed, "epoch", index).permutation(rows), batches: Uint32Array[] = [];
    if (!distinct) {
      for (let at = 0; at + batch <= rows; at += batch) batches.push(order.slice(at, at + batch));
      return batches;
    }
    let waiting = Array.from(order);
    for (;;) {
      const taken: number[] = [], seen = new Set<string>(), later: number[] = [];
      let at = 0;
      for (; at < waiting.length && taken.length < batch; at++) {
        const row = waiting[at] as number, name = distinct[row] as string;
        (seen.has(name) ? later : taken).push(row);
        seen.add(name);
      }
      if (taken.length < batch) return batches;
      batches.push(Uint32Array.from(taken));
      waiting = [...later, ...waiting.slice(at)];
    }
  };
  return {
    batch(step) {
      let first = 1;
      for (let index = 0; ; index++) {
        const batches = (epochs[index] ??= epoch(index));
        if (step < first + batches.length) return batches[step - first] as Uint32Array;
        first += batches.length;
      }
    },
  };
}
