import { type SweepSpec, sweepSpec } from "#nodes/graph/sweep";

/** Stored JSON as what a sweep varies and measures; nothing where it is something else. */
export function specOf(json: unknown): SweepSpec | undefined {
  return sweepSpec.safeParse(json).data;
}
