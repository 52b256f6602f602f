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

/**
 * The one generator of the product. It is keyed instead of stateful: a draw depends on its keys (seed, node, step, row)
 * alone, so runs repeat and resume exactly whatever the number of threads. sfc32, seeded from a hash of the keys.
 */
export const random = (...keys: (string | number)[]): Random => new Stream(keys);

class Stream implements Random {
  private a = 0x243f6a88;
  private b = 0x85a308d3;
  private c = 0x13198a2e;
  private counter = 1;

  constructor(keys: readonly (string | number)[]) {
    for (const key of keys) {
      for (const word of [...words(key), 0x5bd1e995]) {
        this.a = hash(this.a, word);
        this.b = hash(this.b, this.a ^ word);
        this.c = hash(this.c, this.b);
      }
    }
    for (let i = 0; i < 12; i++) this.bits();
  }

  bits(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    return sum >>> 0;
  }

  uniform(): number {
    return this.bits() / 2 ** 32;
  }

  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  normal(): number {
    for (;;) {
      const word = this.bits();
      const layer = word & 127;
      const u = (word >> 7) / 2 ** 24;
      if (Math.abs(u) < (inside[layer] as number)) return u * (edge[layer] as number);
      const x = outside(layer, u, this);
      if (x !== undefined) return x;
    }
  }

  fill(data: Float32Array, kind: "uniform" | "normal"): void {
    // The state in local variables, which lie in registers.
    let a = this.a | 0;
    let b = this.b | 0;
    let c = this.c | 0;
    let counter = this.counter | 0;
    for (let i = 0; i < data.length; i++) {
      const sum = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + sum) | 0;
      if (kind === "uniform") {
        data[i] = (sum >>> 0) / 2 ** 32;
        continue;
      }
      const layer = sum & 127;
      const u = (sum >> 7) / 2 ** 24;
      data[i] = u * (edge[layer] as number);
      if (Math.abs(u) < (inside[layer] as number)) continue;
      this.moveTo(a, b, c, counter);
      data[i] = outside(layer, u, this) ?? this.normal();
      a = this.a | 0;
      b = this.b | 0;
      c = this.c | 0;
      counter = this.counter | 0;
    }
    this.moveTo(a, b, c, counter);
  }

  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const swapped = order[i] as number;
      order[i] = order[j] as number;
      order[j] = swapped;
    }
    return order;
  }

  private moveTo(a: number, b: number, c: number, counter: number): void {
    this.a = a;
    this.b = b;
    this.c = c;
    this.counter = counter;
  }
}

function hash(state: number, word: number): number {
  let x = Math.imul(state ^ word, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function words(key: string | number): number[] {
  if (typeof key === "number") return Number.isInteger(key) ? [key | 0, (key / 2 ** 32) | 0] : words(String(key));
  return Array.from(key, (letter) => letter.codePointAt(0) ?? 0);
}

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
function outside(layer: number, u: number, stream: Random): number | undefined {
  if (layer === 0) {
    for (;;) {
      const x = -Math.log(1 - stream.uniform()) / tail;
      const y = -Math.log(1 - stream.uniform());
      if (2 * y > x * x) return u < 0 ? -(tail + x) : tail + x;
    }
  }
  const x = u * (edge[layer] as number);
  const low = height[layer] as number;
  const high = height[layer + 1] as number;
  return low + stream.uniform() * (high - low) < density(x) ? x : undefined;
}
