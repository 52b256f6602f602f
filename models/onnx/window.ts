/** One entry per spatial axis; `pads` is all beginnings, then all ends, as in ONNX. */
export type Window = { strides?: readonly number[]; pads?: readonly number[]; dilations?: readonly number[] };
export type Convolution = Window & { group?: number };

/** A window with every default filled in. */
export function windowOf({ strides, pads, dilations }: Window, axes: number): { strides: readonly number[]; pads: readonly number[]; dilations: readonly number[] } {
  const ones = Array.from({ length: axes }, () => 1);
  return { strides: strides ?? ones, pads: pads ?? Array.from({ length: 2 * axes }, () => 0), dilations: dilations ?? ones };
}
