/** From worst to best: three hues of middle lightness, told apart on white and on black. */
const stops = [
  [240, 161, 50],
  [224, 82, 142],
  [104, 92, 245],
] as const;

/** The colour of a place between 0, the worst, and 1, the best. */
export function shade(place: number): string {
  const scaled = Math.min(1, Math.max(0, place)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(scaled));
  const lower = stops[i] ?? stops[0];
  const upper = stops[i + 1] ?? stops[0];
  const mixed = lower.map((from, channel) => Math.round(from + (scaled - i) * ((upper[channel] ?? from) - from)));
  return `rgb(${mixed.join(", ")})`;
}
export const gradient = `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map(shade).join(", ")})`;

/** Colours by rank, so that one outlier does not paint all others alike; equal values are equally good. */
export function ranked(values: ReadonlyMap<string, number>, goal: "max" | "min"): Map<string, string> {
  const sign = goal === "min" ? -1 : 1;
  const order = [...new Set(values.values())].sort((a, b) => sign * (a - b));
  const last = order.length - 1;
  const shades = new Map(order.map((value, rank) => [value, shade(last > 0 ? rank / last : 1)]));
  return new Map([...values].map(([id, value]) => [id, shades.get(value) ?? shade(1)]));
}
