/** From cold to hot: dark blue, violet, orange, light yellow; the colder, the more of the picture shows through. */
const stops = [
  [12, 8, 60, 90],
  [120, 28, 109, 170],
  [237, 105, 37, 225],
  [252, 245, 160, 255],
] as const;

/** Red, green, blue and opacity of a place between 0 and 1. */
export function colourAt(place: number): number[] {
  const scaled = Math.min(1, Math.max(0, place)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(scaled));
  const [from, to] = [stops[i] ?? stops[0], stops[i + 1] ?? stops[0]];
  return from.map((channel, c) => Math.round(channel + (scaled - i) * ((to[c] ?? channel) - channel)));
}
