/**
 * The exponential mean of a line, without the bias of its start: divided by 1 - weightⁿ after n points, as TensorBoard
 * does it. What is not finite passes through and does not count; a line of one value stays as it is.
 */
export function smoothed(values: readonly number[], weight: number): number[] {
  const first = values.find(Number.isFinite);
  const isConstant = values.every((value) => value === first || !Number.isFinite(value));
  if (weight <= 0 || isConstant) return [...values];
  let mean = 0;
  let bias = 1;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    mean = weight * mean + (1 - weight) * value;
    bias *= weight;
    return mean / (1 - bias);
  });
}
