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
  /** Fills an array with what as many calls of `uniform` or `normal` would give, some times faster. Ask it of a fresh stream. */
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

/**
 * The one generator of the product. It is keyed instead of stateful: a draw depends on its keys (seed, node, step, row) alone,
 * so runs repeat and resume exactly whatever the number of threads. sfc32, seeded from a hash of the keys.
 */
export function random(...keys: (string | number)[]): Random {
  let a = 0x243f6a88, b = 0x85a308d3, c = 0x13198a2e, counter = 1;
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
  let spare: number | undefined;
  const uniform = () => bits() / 2 ** 32;
  const below = (n: number) => Math.floor(uniform() * n);
  return {
    bits,
    uniform,
    below,
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const r = Math.sqrt(-2 * Math.log(1 - uniform())), angle = 2 * Math.PI * uniform();
      spare = r * Math.sin(angle);
      return r * Math.cos(angle);
    },
    fill(data, kind) {
      // State in local variables: closures keep theirs on the heap.
      let x = a, y = b, z = c, count = counter;
      const next = (): number => {
        const t = (((x + y) | 0) + count) | 0;
        count = (count + 1) | 0;
        x = y ^ (y >>> 9);
        y = (z + (z << 3)) | 0;
        z = ((z << 21) | (z >>> 11)) + t;
        return (t >>> 0) / 2 ** 32;
      };
      if (kind === "uniform") for (let i = 0; i < data.length; i++) data[i] = next();
      else {
        for (let i = 0; i < data.length; i += 2) {
          const r = Math.sqrt(-2 * Math.log(1 - next())), angle = 2 * Math.PI * next();
          data[i] = r * Math.cos(angle);
          if (i + 1 < data.length) data[i + 1] = r * Math.sin(angle);
        }
      }
      [a, b, c, counter] = [x, y, z, count];
    },
    permutation(n) {
      const p = Uint32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = below(i + 1), t = p[i] as number;
        p[i] = p[j] as number;
        p[j] = t;
      }
      return p;
    },
  };
}
