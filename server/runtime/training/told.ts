import { endpointKey } from "#nodes/graph/resolve";
import type { TrainingState } from "./state";

/** What of a training's curve is told while it runs; the whole curve is in its result. */
const toldPoints = 4000;

/** Tells a step's numbers, where that step is one of those that are told. */
export function tellMetrics({ training, curve, steps }: TrainingState, step: number): void {
  const { node, onEvent, request } = training;
  const values = curve.at(step);
  const isMeasured = request.metrics.some((metric) => endpointKey(metric) in values);
  const isAtStride = step % Math.ceil(steps / toldPoints) === 0;
  if (step === 1 || step === steps || isAtStride || isMeasured) onEvent({ kind: "metric", node, step, values });
}
