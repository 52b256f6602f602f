/** What is drawn of several runs' curves: smoothed lines on one axis, in as many buckets as there are pixels. */
import { type Curve, placesOn, type XAxis } from "./axes";
import { bucketAxis, bucketed, firstAtLeast, lastInBuckets, type Points, type Span } from "./buckets";
import { smoothed } from "./smooth";

export interface ShownRun {
  id: string;
  label: string;
  colour: string;
  /** Drawn over the others. */
  strong?: boolean;
  /** It goes on: its curve grows. */
  going: boolean;
}

/** A run with the one of its curves that is shown, on the axis that is shown. */
export interface DrawnRun {
  run: ShownRun;
  curve: Curve;
  raw: Points;
  smooth: Points;
  least?: Points;
  most?: Points;
}

export interface Looks {
  axis: XAxis;
  /** Of the exponential mean; 0 draws lines as they are. */
  smoothing: number;
}

/** The runs that have the curve on the axis, the strong ones last: they are drawn over the others. */
export function drawnRuns(
  runs: readonly ShownRun[],
  curves: readonly (readonly Curve[])[],
  name: string | undefined,
  { axis, smoothing }: Looks,
): DrawnRun[] {
  const drawn = runs.flatMap((run, i): DrawnRun[] => {
    const curve = curves[i]?.find((other) => other.name === name);
    const x = curve?.x.length ? placesOn(curve, axis) : undefined;
    if (!curve || !x) return [];
    const { y, min, max } = curve;
    const band = min && max ? { least: { x, y: min }, most: { x, y: max } } : {};
    return [{ run, curve, raw: { x, y }, smooth: { x, y: smoothed(y, smoothing) }, ...band }];
  });
  return drawn.sort((a, b) => Number(a.run.strong ?? false) - Number(b.run.strong ?? false));
}

/** The point at a place on the axis: the last one that is not behind it. */
export function pointAt({ x, y }: Points, place: number): [x: number, y: number] | undefined {
  const next = firstAtLeast(x, place);
  const last = x[next] === place ? next : next - 1;
  return last < 0 ? undefined : [x[last] as number, y[last] as number];
}

/** From the first point of all to the last; on a logarithmic axis from the first that has a place there. */
export function wholeSpan(drawn: readonly DrawnRun[], isLog: boolean): Span | undefined {
  const starts = drawn.flatMap(({ raw }) => (isLog ? (raw.x.find((x) => x > 0) ?? []) : (raw.x[0] ?? [])));
  const ends = drawn.map(({ raw }) => raw.x.at(-1) ?? 0);
  if (!starts.length) return undefined;
  const [from, to] = [Math.min(...starts), Math.max(...ends)];
  const width = isLog ? to / from : to - from;
  if (isLog && to <= 0) return undefined;
  return { from, to: width > (isLog ? 1 : 0) ? to : from * (isLog ? 10 : 1) + (isLog ? 0 : 1), isLog };
}

/** Lines of one run, by what they are; all on the common axis. */
export interface Lines {
  smooth: (number | null)[];
  /** Where lines are smoothed. */
  raw?: (number | null)[];
  /** The least and the most, where a bucket stands for several points. */
  band?: [min: (number | null)[], max: (number | null)[]];
}

/**
 * More runs than these hide each other: they have no bands, and their lines are thin and of fewer points. A browser
 * without a GPU draws them ten times as fast.
 */
export const mostDistinct = 8;

/** All runs in buckets of a span. */
export function linesIn(
  drawn: readonly DrawnRun[],
  span: Span,
  count: number,
  isSmoothed: boolean,
): { x: number[]; lines: Lines[] } {
  const lines = drawn.map((run): Lines => {
    if (drawn.length > mostDistinct) {
      const raw = isSmoothed ? { raw: lastInBuckets(run.raw, span, count) } : {};
      return { smooth: lastInBuckets(run.smooth, span, count), ...raw };
    }
    const smooth = bucketed(run.smooth, span, count);
    const raw = bucketed(run.raw, span, count);
    const least = run.least ? bucketed(run.least, span, count).min : raw.min;
    const most = run.most ? bucketed(run.most, span, count).max : raw.max;
    const hasBand = raw.isDense || run.least !== undefined;
    return {
      smooth: smooth.last,
      ...(isSmoothed ? { raw: raw.last } : {}),
      ...(hasBand ? { band: [least, most] } : {}),
    };
  });
  return { x: bucketAxis(span, count), lines };
}
