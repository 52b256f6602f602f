/** The colour that most of a picture has, as one word. */

export const colourNames = [
  "red",
  "orange",
  "yellow",
  "green",
  "blue",
  "purple",
  "pink",
  "brown",
  "black",
  "gray",
  "white",
] as const;
export type ColourName = (typeof colourNames)[number];

/**
 * The most frequent colour among pixels, uint8 [.., 3]. Pixels of exactly the ground's colour do not count, unless
 * there are no others.
 */
export function mainColour(pixels: ArrayLike<number>, ground: readonly number[]): ColourName {
  const counts = new Map<ColourName, number>();
  for (let i = 0; i + 2 < pixels.length; i += 3) {
    const rgb = [pixels[i], pixels[i + 1], pixels[i + 2]] as [number, number, number];
    if (rgb.every((value, channel) => value === ground[channel])) continue;
    const name = nameOf(rgb);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, left], [, right]) => right - left);
  return most?.[0] ?? nameOf(ground as [number, number, number]);
}

/** Where each hue ends, in degrees. */
const hues: readonly [end: number, name: ColourName][] = [
  [14, "red"],
  [42, "orange"],
  [68, "yellow"],
  [165, "green"],
  [255, "blue"],
  [295, "purple"],
  [345, "pink"],
  [361, "red"],
];

function nameOf([red, green, blue]: readonly [number, number, number]): ColourName {
  const most = Math.max(red, green, blue);
  const range = most - Math.min(red, green, blue);
  if (most < 55) return "black";
  if (range < 28 || range < 0.13 * most) return most > 215 ? "white" : "gray";
  const hue = hueOf([red, green, blue], most, range);
  if (hue >= 14 && hue < 50 && most < 190) return "brown";
  return (hues.find(([end]) => hue < end) as (typeof hues)[number])[1];
}

function hueOf([red, green, blue]: readonly [number, number, number], most: number, range: number): number {
  const sixth =
    most === red ? (green - blue) / range : most === green ? 2 + (blue - red) / range : 4 + (red - green) / range;
  return (60 * sixth + 360) % 360;
}
