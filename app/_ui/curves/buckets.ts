/**
 * Points put into buckets of equal width, as many as there are pixels: of each the last value, the least and the most.
 * All lines share one axis then, however many points they have and wherever these lie.
 */

export interface Points {
  x: readonly number[];
  y: readonly number[];
}

export interface Bucketed {
  last: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
  /** Some bucket has more than one point: the least and the most say what the line leaves out. */
  isDense: boolean;
}

export interface Span {
  from: number;
  to: number;
  isLog: boolean;
}

/** The middles of the buckets. */
export function bucketAxis({ from, to, isLog }: Span, count: number): number[] {
  const [start, end] = isLog ? [Math.log(from), Math.log(to)] : [from, to];
  const middles = Array.from({ length: count }, (_, i) => start + ((i + 0.5) / count) * (end - start));
  return isLog ? middles.map(Math.exp) : middles;
}

/** A line in buckets. Where the bucket at an edge is empty it has the next point beyond: a line runs to the edge. */
export function bucketed({ x, y }: Points, span: Span, count: number): Bucketed {
  const empty = () => new Array<number | null>(count).fill(null);
  const result: Bucketed = { last: empty(), min: empty(), max: empty(), isDense: false };
  const place = placing(span, count);
  const first = firstAtLeast(x, span.from);
  let end = first;
  for (; end < x.length && (x[end] as number) <= span.to; end++) {
    const value = y[end] as number;
    if (!Number.isFinite(value)) continue;
    const bucket = Math.min(count - 1, Math.max(0, place(x[end] as number)));
    const [min, max] = [result.min[bucket], result.max[bucket]];
    if (min !== null) result.isDense = true;
    result.last[bucket] = value;
    result.min[bucket] = min === null || min === undefined || value < min ? value : min;
    result.max[bucket] = max === null || max === undefined || value > max ? value : max;
  }
  fillEdge(result, 0, y[first - 1]);
  fillEdge(result, count - 1, y[end]);
  return result;
}

/** The last value of each bucket alone, as `bucketed` has it: of many lines that is all that is drawn. */
export function lastInBuckets({ x, y }: Points, span: Span, count: number): (number | null)[] {
  const last = new Array<number | null>(count).fill(null);
  const place = placing(span, count);
  const first = firstAtLeast(x, span.from);
  let end = first;
  for (; end < x.length && (x[end] as number) <= span.to; end++) {
    const value = y[end] as number;
    if (Number.isFinite(value)) last[Math.min(count - 1, Math.max(0, place(x[end] as number)))] = value;
  }
  for (const [bucket, value] of [
    [0, y[first - 1]],
    [count - 1, y[end]],
  ] as const) {
    if (value !== undefined && Number.isFinite(value)) last[bucket] ??= value;
  }
  return last;
}

function fillEdge(result: Bucketed, bucket: number, value: number | undefined): void {
  if (value === undefined || !Number.isFinite(value) || result.last[bucket] !== null) return;
  for (const list of [result.last, result.min, result.max]) list[bucket] = value;
}

function placing({ from, to, isLog }: Span, count: number): (x: number) => number {
  if (!isLog) return (x) => Math.floor(((x - from) / (to - from)) * count);
  const [start, end] = [Math.log(from), Math.log(to)];
  return (x) => Math.floor(((Math.log(x) - start) / (end - start)) * count);
}

/** The place of the first number of a rising list that is at least so large. */
export function firstAtLeast(list: readonly number[], least: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as number) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
