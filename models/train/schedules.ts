export const scheduleKinds = ["cosine", "linear", "step", "constant", "one-cycle"] as const;
/**
 * How the learning rate moves over a run, as a factor on its peak: a linear warmup, then a fall to `floor`. Per step.
 */
export interface Schedule {
  kind: (typeof scheduleKinds)[number];
  /** Steps of linear warmup; below 1 a share of all steps, rounded up. */
  warmup: number;
  /** What is left of the peak at the last step. */
  floor: number;
  /** What of the peak the warmup begins at; 0. */
  warmupFrom?: number;
  /**
   * `step`: the shares of the way after warmup at which the rate falls, each time by `factor`; a tenth after 1/2 and
   * 3/4.
   */
  drops?: readonly number[];
  factor?: number;
  /**
   * `one-cycle` (Smith & Topin 2018, as torch.optim.lr_scheduler.OneCycleLR with cosine annealing and momentum left
   * alone): rises from 1/divide over the share `rise` of the run, then falls to 1/(divide·finalDivide). It has no other
   * warmup and no floor. 0.3, 25, 10,000.
   */
  rise?: number;
  divide?: number;
  finalDivide?: number;
}

/**
 * The factor on the peak learning rate at the 1-based step of a run of `steps`. Warmup ends at the peak and the last
 * step is at the floor: step n has the rate that PyTorch's schedulers give after n steps.
 */
export function scheduleAt(schedule: Schedule, step: number, steps: number): number {
  const { kind, floor, warmupFrom = 0 } = schedule;
  if (kind === "one-cycle") return oneCycle(schedule, step, steps);
  const warmup = warmupSteps(schedule, steps);
  if (step < warmup) return warmupFrom + ((1 - warmupFrom) * step) / warmup;
  const t = steps > warmup ? Math.min(1, (step - warmup) / (steps - warmup)) : 0;
  return kind === "constant" ? 1 : floor + (1 - floor) * falls[kind](t, schedule);
}

/** How many steps the warmup takes: transformers' `warmup_steps`, or its `warmup_ratio` below 1. */
export const warmupSteps = ({ warmup }: Pick<Schedule, "warmup">, steps: number): number =>
  warmup < 1 ? Math.ceil(warmup * steps) : warmup;

/** From 1 to 0 over the way t from 0 to 1. */
const cosine = (t: number): number => (1 + Math.cos(Math.PI * t)) / 2;
const falls: { [K in Exclude<Schedule["kind"], "constant" | "one-cycle">]: (t: number, schedule: Schedule) => number } =
  {
    cosine,
    linear: (t) => 1 - t,
    step: (t, { drops = [1 / 2, 3 / 4], factor = 0.1 }) => factor ** drops.filter((share) => t >= share).length,
  };

function oneCycle({ rise = 0.3, divide = 25, finalDivide = 1e4 }: Schedule, step: number, steps: number): number {
  const first = 1 / divide;
  const last = first / finalDivide;
  const n = Math.min(step, steps) - 1;
  const top = rise * steps - 1;
  return n <= top ? 1 + (first - 1) * cosine(n / top) : last + (1 - last) * cosine((n - top) / (steps - 1 - top));
}
