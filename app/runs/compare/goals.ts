import type { Curve } from "../../_ui/curves/axes";

/** Which way a number is better: by what it is called. Nothing where neither is, as for a learning rate. */
export function goalOf(name: string): "max" | "min" | undefined {
  const [, ...rest] = name.toLowerCase().split(/ · |\./);
  const line = rest.join(" ") || name.toLowerCase();
  if (/\blr\b|norm|seed|step/.test(line)) return undefined;
  return /loss|error|perplexity|distance|waited|memory|mse|mae|rmse/.test(line) ? "min" : "max";
}

/** How a number is to a baseline's: "+0.031", and whether that is better. */
export function changeOf(
  value: number,
  baseline: number,
  goal: "max" | "min" | undefined,
): { text: string; isBetter: boolean | undefined } {
  const change = value - baseline;
  const text = `${change > 0 ? "+" : change < 0 ? "−" : "±"}${Number(Math.abs(change).toPrecision(3))}`;
  if (!goal || change === 0) return { text, isBetter: undefined };
  return { text, isBetter: goal === "max" ? change > 0 : change < 0 };
}

/** The last value of a line, and its best. */
export function lastAndBest(curve: Curve): { last: number | undefined; best: number | undefined } {
  const goal = goalOf(curve.name);
  // Of a thinned line the best may lie between its points.
  const [lows, highs] = [curve.min ?? curve.y, curve.max ?? curve.y];
  const extremes = goal === "min" ? lows : highs;
  const best = goal && extremes.length ? extremes.reduce((a, b) => Math[goal](a, b)) : undefined;
  return { last: curve.y.at(-1), best };
}
