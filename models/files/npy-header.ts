/** NumPy's names of element types. */
const descriptions = {
  float32: "<f4",
  float64: "<f8",
  float16: "<f2",
  int64: "<i8",
  int32: "<i4",
  uint8: "|u1",
  bool: "|b1",
} as const;

export type NpyType = keyof typeof descriptions;

/**
 * What a .npy file begins with, before its numbers, row-major (numpy.lib.format, version 2.0, whose header may be of
 * any length).
 */
export function npyHeader(dtype: NpyType, shape: readonly number[]): Uint8Array {
  const sizes = shape.map((size) => `${size},`).join(" ");
  const words = `{'descr': '${descriptions[dtype]}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const begin = 12;
  // The numbers begin at a multiple of 64 bytes, and the header ends with a line break.
  const total = Math.ceil((begin + words.length + 1) / 64) * 64;
  const header = new Uint8Array(total).fill(0x20);
  header.set([0x93, ...new TextEncoder().encode("NUMPY"), 2, 0]);
  new DataView(header.buffer).setUint32(8, total - begin, true);
  header.set(new TextEncoder().encode(words), begin);
  header[total - 1] = 0x0a;
  return header;
}
