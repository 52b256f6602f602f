const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** IEEE half, as 16 bits, to a number. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent < 31) return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
}

/** A number to IEEE half, rounded to nearest even. */
export function toHalf(x: number): number {
  single[0] = x;
  const word = bits[0] as number;
  const sign = (word >>> 16) & 0x8000;
  const size = word & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00;
  if (size >= 0x47800000) return sign | 0x7c00; // beyond 65504 and its rounding: infinity
  if (size < 0x38800000) {
    // Subnormal: adding 0.5 makes the hardware round at 2⁻²⁴.
    single[0] = Math.abs(x) + 0.5;
    return sign | ((bits[0] as number) - 0x3f000000);
  }
  const rounded = size + 0xfff + ((size >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** A number to bfloat16, the upper half of a float32, rounded to nearest even. */
export function toBfloat16(x: number): number {
  single[0] = x;
  const word = bits[0] as number;
  if (Number.isNaN(x)) return (word >>> 16) | 0x40;
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}
