export const scheduleKinds = ["cosine", "linear", "step", "constant"] as const;
/** How the learning rate moves over a run: a linear warmup, then a fall to `floor` times the peak. Per step. */
export interface Schedule {
  kind: (typeof scheduleKinds)[number];
  /** Steps of linear warmup. */
  warmup: number;
  /** What is left of the peak at the last step. */
  floor: number;
}

const falls: { [K in Schedule["kind"]]: (t: number) => number } = {
  cosine: (t) => (1 + Math.cos(Math.PI * t)) / 2,
  linear: (t) => 1 - t,
  // A tenth after half of the way, a hundredth after three quarters.
  step: (t) => (t < 0.5 ? 1 : t < 0.75 ? 0.1 : 0.01),
  constant: () => 1,
};

/** The factor on the peak learning rate at the 1-based step of a run of `steps`. */
export function scheduleAt({ kind, warmup, floor }: Schedule, step: number, steps: number): number {
  if (step <= warmup) return step / warmup;
  const t = steps > warmup ? (step - warmup) / (steps - warmup) : 1;
  return kind === "constant" ? 1 : floor + (1 - floor) * falls[kind](Math.min(1, t));
}
