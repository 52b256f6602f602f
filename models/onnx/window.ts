import { sizeOf } from "./shape";

/** One entry per spatial axis; `pads` is all beginnings, then all ends, as in ONNX. */
export type Window = { strides?: readonly number[]; pads?: readonly number[]; dilations?: readonly number[] };
export type Convolution = Window & { group?: number };
/** With `ceil_mode` the last window may reach over the end, as long as it begins inside. */
export type Pool = Window & { kernel_shape: readonly number[]; ceil_mode?: number };

/** A window with every default filled in. */
export function windowOf(
  { strides, pads, dilations }: Window,
  axes: number,
): { strides: readonly number[]; pads: readonly number[]; dilations: readonly number[] } {
  const ones = Array.from({ length: axes }, () => 1);
  return {
    strides: strides ?? ones,
    pads: pads ?? Array.from({ length: 2 * axes }, () => 0),
    dilations: dilations ?? ones,
  };
}

/**
 * TensorFlow's "SAME" (auto_pad of ONNX): as many windows as size / stride, rounded up; an odd rest goes to the end, or
 * to the beginning with `lower`.
 */
export function samePads(
  sizes: readonly number[],
  kernel: readonly number[],
  window: Omit<Window, "pads"> = {},
  { lower = false } = {},
): number[] {
  const { strides, dilations } = windowOf(window, sizes.length);
  const total = sizes.map((size, i) =>
    Math.max(
      0,
      (Math.ceil(size / (strides[i] as number)) - 1) * (strides[i] as number) +
        (dilations[i] as number) * ((kernel[i] as number) - 1) +
        1 -
        size,
    ),
  );
  const less = total.map((n) => Math.floor(n / 2));
  const more = total.map((n) => Math.ceil(n / 2));
  return lower ? [...more, ...less] : [...less, ...more];
}

/**
 * For each tap of a kernel, which place of the input it sees for each place of the output, counted row by row; outside
 * of the input it is as many as there are.
 */
export function placesSeen(
  kernel: readonly number[],
  from: readonly number[],
  to: readonly number[],
  { strides, pads, dilations }: ReturnType<typeof windowOf>,
): number[][] {
  const count = sizeOf(from);
  const seenAt = (tap: readonly number[], place: readonly number[]): number => {
    let index = 0;
    for (const [axis, size] of from.entries()) {
      const start = (place[axis] as number) * (strides[axis] as number) - (pads[axis] as number);
      const seen = start + (tap[axis] as number) * (dilations[axis] as number);
      if (seen < 0 || seen >= size) return count;
      index = index * size + seen;
    }
    return index;
  };
  const outputs = placesOf(to);
  return placesOf(kernel).map((tap) => outputs.map((place) => seenAt(tap, place)));
}

/** All places of a grid, row by row. */
const placesOf = (sizes: readonly number[]): number[][] =>
  sizes.reduce<number[][]>(
    (places, size) => places.flatMap((place) => Array.from({ length: size }, (_, i) => [...place, i])),
    [[]],
  );
