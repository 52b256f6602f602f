import type { Outputs } from "../../_trpc/client";

export type Curve = Outputs["runs"]["curves"][number];
/** What lies below: the step as it was counted, seconds of training, or how often the data was gone through. */
export type XAxis = "step" | "time" | "epoch";

/** Where a curve's points lie on an axis; nothing where the run did not tell. */
export function placesOn(curve: Curve, axis: XAxis): readonly number[] | undefined {
  if (axis === "step") return curve.x;
  if (axis === "time") return curve.clock && curve.x.map(interpolated(curve.clock.steps, curve.clock.seconds));
  return curve.epochs?.length ? curve.x.map((step) => epochAt(step, curve.epochs ?? [])) : undefined;
}

/** A function through points; before the first and behind the last it is flat. */
function interpolated(xs: readonly number[], ys: readonly number[]): (x: number) => number {
  let right = 0; // points are asked in order
  return (x) => {
    while (right < xs.length && (xs[right] as number) < x) right++;
    if (right > 0 && (xs[right - 1] as number) >= x) right = xs.findIndex((each) => each >= x);
    if (right === 0) return ys[0] ?? 0;
    if (right >= xs.length) return ys.at(-1) ?? 0;
    const [x0 = 0, x1 = 0, y0 = 0, y1 = 0] = [xs[right - 1], xs[right], ys[right - 1], ys[right]];
    return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
  };
}

/** Stages follow one another, each with so many steps for an epoch. */
function epochAt(step: number, stages: NonNullable<Curve["epochs"]>): number {
  let epochs = 0;
  for (const [i, { after, steps }] of stages.entries()) {
    const end = stages[i + 1]?.after ?? Number.POSITIVE_INFINITY;
    if (step <= after) break;
    epochs += (Math.min(step, end) - after) / steps;
  }
  return epochs;
}
