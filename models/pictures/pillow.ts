/**
 * Scales pictures as Pillow 13 does, equal to the bit: two passes with weights of 22 bits behind the point, each
 * rounded to 8 bits. What processors of Hugging Face's transformers do to a picture goes through it.
 * Source: Pillow, `src/libImaging/Resample.c`, and `Geometry.c` for the nearest neighbour.
 */

/** Colours side by side: uint8 [height, width, 3]. */
export interface Picture {
  width: number;
  height: number;
  data: Uint8Array;
}

export type Filter = "nearest" | "lanczos" | "bilinear" | "bicubic" | "box" | "hamming";

/** By Pillow's numbers, as they stand in `resample` of a processor's configuration. */
export const filtersByNumber: readonly Filter[] = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"];

/** The picture at another size; the same picture where the size is the same. */
export function resample(picture: Picture, width: number, height: number, filter: Filter): Picture {
  if (filter === "nearest") return nearest(picture, width, height);
  const passes = [
    (of: Picture) => (width === of.width ? of : horizontally(of, width, filters[filter])),
    (of: Picture) => (height === of.height ? of : vertically(of, height, filters[filter])),
  ];
  const lessHeight = picture.height - height;
  const lessWidth = picture.width - width;
  // Horizontal first, but where that would be the dearer order. Before version 13 it always was.
  if (lessHeight > 0 && lessHeight > lessWidth * 2) passes.reverse();
  return passes.reduce((scaled, pass) => pass(scaled), picture);
}

interface Kernel {
  /** How far it reaches, in pixels of the larger of the two pictures. */
  support: number;
  weight(x: number): number;
}

const filters: Record<Exclude<Filter, "nearest">, Kernel> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, weight: hamming },
  bicubic: { support: 2, weight: bicubic },
  lanczos: { support: 3, weight: (x) => (-3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Pillow writes the two numbers as 32-bit floats. */
const hammingTerms = [Math.fround(0.54), Math.fround(0.46)] as const;

function hamming(signed: number): number {
  const x = Math.abs(signed);
  if (x >= 1) return 0;
  return sinc(x) * (hammingTerms[0] + hammingTerms[1] * Math.cos(x * Math.PI));
}

/** Cubic convolution with a = −0.5. */
function bicubic(signed: number): number {
  const a = -0.5;
  const x = Math.abs(signed);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

function sinc(x: number): number {
  if (x === 0) return 1;
  return Math.sin(x * Math.PI) / (x * Math.PI);
}

/** Bits of a weight behind the point. */
const precision = 22;

/** For each pixel of a side the first pixel of the other picture that it is made of, and the weights from there on. */
interface Taps {
  first: Int32Array;
  count: Int32Array;
  /** `width` of them for each pixel. */
  weights: Int32Array;
  width: number;
}

function tapsOf(from: number, to: number, { support: reach, weight }: Kernel): Taps {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const support = reach * stretch;
  const width = Math.ceil(support) * 2 + 1;
  const taps: Taps = {
    first: new Int32Array(to),
    count: new Int32Array(to),
    weights: new Int32Array(to * width),
    width,
  };
  const inverse = 1 / stretch;
  for (let place = 0; place < to; place++) {
    const centre = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(from, Math.trunc(centre + support + 0.5)) - first;
    const raw = Array.from({ length: count }, (_, i) => weight((i + first - centre + 0.5) * inverse));
    const sum = raw.reduce((total, each) => total + each, 0);
    taps.first[place] = first;
    taps.count[place] = count;
    for (const [i, each] of raw.entries()) taps.weights[place * width + i] = fixedPoint(sum === 0 ? each : each / sum);
  }
  return taps;
}

const fixedPoint = (weight: number): number => Math.trunc(weight * 2 ** precision + (weight < 0 ? -0.5 : 0.5));

/** A sum of pixels times weights as a pixel. */
function rounded(sum: number): number {
  const value = sum >> precision;
  if (value < 0) return 0;
  return value > 255 ? 255 : value;
}

const half = 1 << (precision - 1);

function horizontally(picture: Picture, width: number, kernel: Kernel): Picture {
  const { first, count, weights, width: step } = tapsOf(picture.width, width, kernel);
  const source = picture.data;
  const data = new Uint8Array(width * picture.height * 3);
  for (let y = 0; y < picture.height; y++) {
    const row = y * picture.width * 3;
    for (let x = 0; x < width; x++) {
      let red = half;
      let green = half;
      let blue = half;
      let place = row + (first[x] as number) * 3;
      const end = x * step + (count[x] as number);
      for (let tap = x * step; tap < end; tap++, place += 3) {
        const weight = weights[tap] as number;
        red = (red + Math.imul(source[place] as number, weight)) | 0;
        green = (green + Math.imul(source[place + 1] as number, weight)) | 0;
        blue = (blue + Math.imul(source[place + 2] as number, weight)) | 0;
      }
      const target = (y * width + x) * 3;
      data[target] = rounded(red);
      data[target + 1] = rounded(green);
      data[target + 2] = rounded(blue);
    }
  }
  return { width, height: picture.height, data };
}

function vertically(picture: Picture, height: number, kernel: Kernel): Picture {
  const { first, count, weights, width: step } = tapsOf(picture.height, height, kernel);
  const source = picture.data;
  const stride = picture.width * 3;
  const data = new Uint8Array(stride * height);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(half);
    for (let tap = 0; tap < (count[y] as number); tap++) {
      const weight = weights[y * step + tap] as number;
      const row = ((first[y] as number) + tap) * stride;
      for (let x = 0; x < stride; x++)
        sums[x] = ((sums[x] as number) + Math.imul(source[row + x] as number, weight)) | 0;
    }
    for (let x = 0; x < stride; x++) data[y * stride + x] = rounded(sums[x] as number);
  }
  return { width: picture.width, height, data };
}

function nearest(picture: Picture, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const columns = nearestPlaces(picture.width, width);
  const rows = nearestPlaces(picture.height, height);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = ((rows[y] as number) * picture.width + (columns[x] as number)) * 3;
      data.set(picture.data.subarray(from, from + 3), (y * width + x) * 3);
    }
  }
  return { width, height, data };
}

/** Added up step by step as Pillow does: a product would round elsewhere. */
function nearestPlaces(from: number, to: number): Int32Array {
  const places = new Int32Array(to);
  const step = from / to;
  let place = step * 0.5;
  for (let i = 0; i < to; i++) {
    places[i] = Math.min(from - 1, Math.trunc(place));
    place += step;
  }
  return places;
}
