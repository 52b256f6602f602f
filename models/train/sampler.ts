import { random } from "../random";
import { portions } from "./turns";

/**
 * Batches of rows, epoch by epoch. A function of its arguments alone, so a resumed run draws what the first one would
 * have drawn.
 */
export interface Sampler {
  /** The rows of the 1-based step. Steps are asked in any order; later ones cost the epochs before them once. */
  batch(step: number): Uint32Array;
  /** How many batches the first epoch has. */
  readonly epoch: number;
}

/** Rows that take part together, and how much of every epoch they are. */
export interface Portion {
  rows: Uint32Array;
  share: number;
}

export interface SamplerSpec {
  rows: number;
  batch: number;
  seed: number | string;
  /** A name for each row; rows of one name never meet in a batch: a row that would is put off to the next one. */
  distinct?: ArrayLike<string | number>;
  /** A name for each row; only rows of one name meet in a batch. */
  bucket?: ArrayLike<string | number>;
  /**
   * The rows that take part, and in which shares; all where it is absent. An epoch has as many rows as take part; of a
   * portion that has fewer rows than its share some come again, and may meet; of one that has more the next epoch
   * goes on.
   */
  mix?: readonly Portion[];
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
  const epoch = open.batches.length;
  const batchesOf = (index: number): Uint32Array[] => {
    if (open.index !== index) open = { index, batches: epochOf(spec, index) };
    starts[index + 1] ??= (starts[index] as number) + open.batches.length;
    return open.batches;
  };
  return {
    epoch,
    batch(step) {
      let index = starts.findLastIndex((start) => start < step);
      while ((starts[index] as number) + batchesOf(index).length < step) index++;
      return batchesOf(index)[step - 1 - (starts[index] as number)] as Uint32Array;
    },
  };
}

function checkRows({ rows, batch, distinct, mix }: SamplerSpec): void {
  const names = new Set(Array.from(distinct ?? [])).size;
  const partaking = mix ? countOf(mix) : rows;
  if (partaking < batch)
    throw Object.assign(new Error(`A batch of ${batch} rows cannot be drawn from ${partaking}.`), {
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
function epochOf({ rows, batch, seed, distinct, bucket, mix }: SamplerSpec, index: number): Uint32Array[] {
  const draw = random(seed, "epoch", index);
  const order = mix ? mixed(mix, seed, index) : draw.permutation(rows);
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

const countOf = (mix: readonly Portion[]): number => mix.reduce((sum, { rows }) => sum + rows.length, 0);

/** The rows of an epoch in which each portion has its share. Each goes through its own rows, pass by pass. */
function mixed(mix: readonly Portion[], seed: SamplerSpec["seed"], index: number): Uint32Array {
  const total = countOf(mix);
  const counts = portions(
    mix.map(({ share }) => share),
    total,
  );
  const rows = new Uint32Array(total);
  let filled = 0;
  for (const [portion, { rows: own }] of mix.entries()) {
    const count = counts[portion] as number;
    const from = index * count;
    let pass = -1;
    let order = own;
    for (let place = from; place < from + count; place++) {
      if (Math.floor(place / own.length) !== pass) {
        pass = Math.floor(place / own.length);
        order = random(seed, "portion", portion, pass).permutation(own.length);
      }
      rows[filled++] = own[order[place % own.length] as number] as number;
    }
  }
  return random(seed, "mixed", index)
    .permutation(total)
    .map((i) => rows[i] as number);
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
      const name = distinct?.[row];
      const fits = rows.length < batch && !(name !== undefined && seen.has(name));
      (fits ? rows : later).push(row);
      if (fits && name !== undefined) seen.add(name);
    };
    for (const row of waiting) offer(row);
    while (rows.length < batch && next < order.length) offer(order[next++] as number);
    if (rows.length < batch) return batches;
    batches.push(Uint32Array.from(rows));
    waiting = later;
  }
}
