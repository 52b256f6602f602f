/** The means and deviations that picture encoders were trained with, channel by channel, of values from 0 to 1. */
export interface Normalization {
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
}

export const normalizations = {
  clip: { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] },
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  half: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  none: { mean: [0, 0, 0], std: [1, 1, 1] },
} as const satisfies Record<string, Normalization>;

/** What each of the 256 values of a channel becomes: (value / 255 − mean) / std. */
export const tablesOf = ({ mean, std }: Normalization): Float32Array[] =>
  mean.map((middle, channel) =>
    Float32Array.from({ length: 256 }, (_, value) => (value / 255 - middle) / (std[channel] as number)),
  );

/**
 * Pixels as a network expects them, channels first: uint8 [N, H, W, 3] to float32 [N, 3, H, W]. Each of the 256 values
 * of a channel is looked up.
 */
export function normalizedPixels(pixels: Uint8Array, rows: number, normalization: Normalization): Float32Array {
  const [red, green, blue] = tablesOf(normalization) as [Float32Array, Float32Array, Float32Array];
  const data = new Float32Array(pixels.length);
  const plane = pixels.length / rows / 3;
  for (let row = 0, from = 0; row < rows; row++) {
    const first = row * 3 * plane;
    for (let to = first; to < first + plane; to++, from += 3) {
      data[to] = red[pixels[from] as number] as number;
      data[to + plane] = green[pixels[from + 1] as number] as number;
      data[to + 2 * plane] = blue[pixels[from + 2] as number] as number;
    }
  }
  return data;
}
