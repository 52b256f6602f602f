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
  distinct?: ArrayLike<string | number>;
  /** A name for each row; only rows of one name meet in a batch. */
  bucket?: ArrayLike<string | number>;
}

/**
 * Every epoch is a fresh permutation of the rows, cut into batches; what is left over and fills no batch is dropped.
 */
export function sampler(spec: SamplerSpec): Sampler {
  checkRows(spec);
  /** How many batches lie before each epoch, and the epoch that was asked last. */
  const starts = [0];
  let open = { index: 0, batches: epochOf(spec, 0) };
  if (!open.batches.length) throw noBatch(spec);
  const batchesOf = (index: number): Uint32Array[] => {
    if (open.index !== index) open = { index, batches: epochOf(spec, index) };
    starts[index + 1] ??= (starts[index] as number) + open.batches.length;
    return open.batches;
  };
  return {
    batch(step) {
      let index = starts.findLastIndex((start) => start < step);
      while ((starts[index] as number) + batchesOf(index).length < step) index++;
      return batchesOf(index)[step - 1 - (starts[index] as number)] as Uint32Array;
    },
  };
}

function checkRows({ rows, batch, distinct }: SamplerSpec): void {
  const names = new Set(Array.from(distinct ?? [])).size;
  if (rows < batch)
    throw Object.assign(new Error(`A batch of ${batch} rows cannot be drawn from ${rows}.`), {
      hint: "Make the batch smaller, or give more data.",
    });
  if (distinct && names < batch)
    throw Object.assign(new Error(`A batch of ${batch} rows of different names cannot be drawn from ${names} names.`), {
      hint: "Make the batch smaller, or leave “distinct” unconnected.",
    });
}

function noBatch({ batch, distinct, bucket }: SamplerSpec): Error {
  const source = bucket ? "bucket has" : "epoch gives";
  const rows = `${batch} rows${distinct ? " of different names" : ""}`;
  return Object.assign(new Error(`No ${source} a batch of ${rows}.`), {
    hint: `Make the batch smaller${bucket ? ", or the buckets larger" : ""}.`,
  });
}

/** The batches of an epoch, in the order in which they are drawn. */
function epochOf({ rows, batch, seed, distinct, bucket }: SamplerSpec, index: number): Uint32Array[] {
  const draw = random(seed, "epoch", index);
  const order = draw.permutation(rows);
  if (!bucket) return cut(order, batch, distinct);
  const buckets = new Map<string | number, number[]>();
  for (const row of order) {
    const name = bucket[row] as string | number;
    const list = buckets.get(name) ?? [];
    list.push(row);
    buckets.set(name, list);
  }
  const batches = [...buckets.values()].flatMap((list) => cut(list, batch, distinct));
  return Array.from(draw.permutation(batches.length), (i) => batches[i] as Uint32Array);
}

/** Rows in batches, in order; a row whose name is in a batch already waits for the next one. */
function cut(order: ArrayLike<number>, batch: number, distinct: SamplerSpec["distinct"]): Uint32Array[] {
  const batches: Uint32Array[] = [];
  let next = 0;
  let waiting: number[] = [];
  for (;;) {
    const rows: number[] = [];
    const seen = new Set<string | number>();
    const later: number[] = [];
    const offer = (row: number) => {
      const name = distinct?.[row] ?? row;
      const fits = rows.length < batch && !seen.has(name);
      (fits ? rows : later).push(row);
      if (fits) seen.add(name);
    };
    for (const row of waiting) offer(row);
    while (rows.length < batch && next < order.length) offer(order[next++] as number);
    if (rows.length < batch) return batches;
    batches.push(Uint32Array.from(rows));
    waiting = later;
  }
}
