import type { HeatMap } from "#nodes/core/views/patch-heat";

/** The numbers of a map: of each token that looks a line with one for each patch. NaN where there is none. */
export interface OpenMap {
  numbers: Float32Array;
  lines: number;
  patches: number;
}

/** Reads a map from the picture that its numbers are kept as, which lies at an address. */
export async function openMap({ numbers, low, high }: HeatMap, address: string): Promise<OpenMap> {
  const { width, height } = numbers;
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context?.drawImage(image, 0, 0);
  const pixels = context?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray(4 * width * height);
  return { numbers: numbersIn(pixels, low, high), lines: height, patches: width };
}

/** High and low byte of each number are its red and its green; blue marks where there is none. */
export function numbersIn(pixels: Uint8ClampedArray, low: number, high: number): Float32Array {
  return Float32Array.from({ length: pixels.length / 4 }, (_, i) => {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(4 * i, 4 * i + 3);
    return blue ? Number.NaN : low + ((red * 256 + green) / 65_535) * (high - low);
  });
}
