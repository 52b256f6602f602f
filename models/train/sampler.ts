import { random } from "../random";

/**
 * Batches of rows, epoch by epoch. A function of its arguments alone, so a resumed run draws what the first one would
 * have drawn.
 */
export interface Sampler {
  /** The rows of the 1-based step. Steps are asked in any order; later ones cost the epochs before them once. */
  batch(step: number): Uint32Array;
}

export interface SamplerSpec {
  rows: number;
  batch: number;
  seed: number | string;
  /** A name for each row; rows of one name never meet in a batch: a row that would is put off to the next one. */
  distinct?: readonly string[];
  /** A name for each row; only rows of one name meet in a batch. */
  bucket?: readonly string[];
}

/**
 * Every epoch is a fresh permutation of the rows, cut into batches; what is left over and fills no batch is dropped.
 */
export function sampler({ rows, batch, seed, distinct, bucket }: SamplerSpec): Sampler {
  const names = new Set(distinct).size;
  if (rows < batch)
    throw Object.assign(new Error(`A batch of ${batch} rows cannot be drawn from ${rows}.`), {
      hint: "Make the batch smaller, or give more data.",
    });
  if (distinct && names < batch)
    throw Object.assign(new Error(`A batch of ${batch} rows of different names cannot be drawn from ${names} names.`), {
      hint: "Make the batch smaller, or leave “distinct” unconnected.",
    });
  const epoch = (index: number): Uint32Array[] => {
    const draw = random(seed, "epoch", index);
    const order = draw.permutation(rows);
    if (!bucket) return cut(order, batch, distinct);
    const buckets = new Map<string, number[]>();
    for (const row of order) buckets.get(bucket[row] as string)?.push(row) ?? buckets.set(bucket[row] as string, [row]);
    const batches = [...buckets.values()].flatMap((list) => cut(list, batch, distinct));
    return Array.from(draw.permutation(batches.length), (i) => batches[i] as Uint32Array);
  };
  /** How many batches lie before each epoch, and the epoch that was asked last. */
  const starts = [0];
  let open = { index: 0, batches: epoch(0) };
  if (!open.batches.length)
    throw Object.assign(
      new Error(
        `No ${bucket ? "bucket has" : "epoch gives"} a batch of ${batch} rows${distinct ? " of different names" : ""}.`,
      ),
      { hint: `Make the batch smaller${bucket ? ", or the buckets larger" : ""}.` },
    );
  const at = (index: number): Uint32Array[] => {
    if (open.index !== index) open = { index, batches: epoch(index) };
    starts[index + 1] ??= (starts[index] as number) + open.batches.length;
    return open.batches;
  };
  return {
    batch(step) {
      let index = starts.findLastIndex((start) => start < step);
      while ((starts[index] as number) + at(index).length < step) index++;
      return at(index)[step - 1 - (starts[index] as number)] as Uint32Array;
    },
  };
}

function cut(order: ArrayLike<number>, batch: number, distinct: readonly string[] | undefined): Uint32Array[] {
  const batches: Uint32Array[] = [];
  let at = 0;
  let waiting: number[] = [];
  for (;;) {
    const taken: number[] = [];
    const seen = new Set<string>();
    const later: number[] = [];
    const offer = (row: number) => {
      const name = distinct?.[row] ?? String(row);
      const fits = taken.length < batch && !seen.has(name);
      (fits ? taken : later).push(row);
      if (fits) seen.add(name);
    };
    waiting.forEach(offer);
    while (taken.length < batch && at < order.length) offer(order[at++] as number);
    if (taken.length < batch) return batches;
    batches.push(Uint32Array.from(taken));
    waiting = later;
  }
}
