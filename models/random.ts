/** A stream of reproducible draws. */
export interface Random {
  /** 32 random bits. */
  bits(): number;
  /** In [0, 1). */
  uniform(): number;
  /** An integer in [0, n). */
  below(n: number): number;
  /** Standard normal. */
  normal(): number;
  /** A permutation of 0…n−1. */
  permutation(n: number): Uint32Array;
  /**
   * Fills an array with what as many calls of `uniform` or `normal` would give, some times faster. Ask it of a fresh
   * stream.
   */
  fill(data: Float32Array, kind: "uniform" | "normal"): void;
}

const hash = (h: number, word: number): number => {
  let x = Math.imul(h ^ word, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
};

const words = (key: string | number): number[] => {
  if (typeof key === "number") return Number.isInteger(key) ? [key | 0, (key / 2 ** 32) | 0] : words(String(key));
  return Array.from(key, (c) => c.codePointAt(0) ?? 0);
};

// The ziggurat of Marsaglia and Tsang (2000) for the normal density: 128 layers of equal area, in which nearly all
// draws end at once. Layer and place come from different bits, after Doornik (2005).
const tail = 3.442619855899;
const area = 9.91256303526217e-3;
const density = (x: number) => Math.exp(-0.5 * x * x);
const edge = new Float64Array(129);
edge.set([area / density(tail), tail]);
for (let i = 2; i < 128; i++)
  edge[i] = Math.sqrt(-2 * Math.log(area / (edge[i - 1] as number) + density(edge[i - 1] as number)));
const height = edge.map(density);
const inside = Float64Array.from({ length: 128 }, (_, i) => (edge[i + 1] as number) / (edge[i] as number));

/** What becomes of a place that is not safely inside its layer: in the tail, under the curve, or nothing. */
function outside(layer: number, u: number, uniform: () => number): number | undefined {
  if (layer === 0) {
    for (;;) {
      const x = -Math.log(1 - uniform()) / tail;
      const y = -Math.log(1 - uniform());
      if (2 * y > x * x) return u < 0 ? -(tail + x) : tail + x;
    }
  }
  const x = u * (edge[layer] as number);
  const low = height[layer] as number;
  const high = height[layer + 1] as number;
  return low + uniform() * (high - low) < density(x) ? x : undefined;
}

/**
 * The one generator of the product. It is keyed instead of stateful: a draw depends on its keys (seed, node, step, row)
 * alone, so runs repeat and resume exactly whatever the number of threads. sfc32, seeded from a hash of the keys.
 */
export function random(...keys: (string | number)[]): Random {
  let a = 0x243f6a88;
  let b = 0x85a308d3;
  let c = 0x13198a2e;
  let counter = 1;
  for (const key of keys) {
    for (const word of [...words(key), 0x5bd1e995]) {
      a = hash(a, word);
      b = hash(b, a ^ word);
      c = hash(c, b);
    }
  }
  const bits = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) bits();
  const uniform = () => bits() / 2 ** 32;
  const below = (n: number) => Math.floor(uniform() * n);
  return {
    bits,
    uniform,
    below,
    normal() {
      for (;;) {
        const t = bits();
        const layer = t & 127;
        const u = (t >> 7) / 2 ** 24;
        if (Math.abs(u) < (inside[layer] as number)) return u * (edge[layer] as number);
        const x = outside(layer, u, uniform);
        if (x !== undefined) return x;
      }
    },
    fill(data, kind) {
      // State in local variables that no closure reads: such lie in registers.
      let x = a | 0;
      let y = b | 0;
      let z = c | 0;
      let count = counter | 0;
      for (let i = 0; i < data.length; i++) {
        const t = (((x + y) | 0) + count) | 0;
        count = (count + 1) | 0;
        x = y ^ (y >>> 9);
        y = (z + (z << 3)) | 0;
        z = (((z << 21) | (z >>> 11)) + t) | 0;
        if (kind === "uniform") {
          data[i] = (t >>> 0) / 2 ** 32;
          continue;
        }
        const layer = t & 127;
        const u = (t >> 7) / 2 ** 24;
        data[i] = u * (edge[layer] as number);
        if (Math.abs(u) < (inside[layer] as number)) continue;
        [a, b, c, counter] = [x, y, z, count];
        data[i] = outside(layer, u, uniform) ?? this.normal();
        [x, y, z, count] = [a | 0, b | 0, c | 0, counter | 0];
      }
      [a, b, c, counter] = [x, y, z, count];
    },
    permutation(n) {
      const p = Uint32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = below(i + 1);
        const t = p[i] as number;
        p[i] = p[j] as number;
        p[j] = t;
      }
      return p;
    },
  };
}
