/**
 * What a decoder is built with while text is generated. It then computes on new tokens alone: what the earlier ones
 * left is handed in, and what the new ones leave is handed out to be kept with it.
 */
import type { DType, Graph, Shape, Value } from "../onnx/graph";

/** Numbers that are kept of every token: one more for each token of a row. */
export interface Kept {
  /** The graph's input that holds what was kept: [B, heads, P, width], of which each row fills the first places. */
  input: string;
  /** What the new tokens add, [B, S, heads·width]. */
  added: Value;
  heads: number;
  width: number;
}

/** Numbers that are made once, before the first token. */
export interface Made {
  input: string;
  value: Value;
}

/** The inputs that go with new tokens, by their names in the graph. */
export const generationInputs = {
  /** The place of each new token in its row, from 0: int64 [B, S]. */
  positions: "generation.positions",
  /** How many tokens each row has, less one, the new ones counted: int32 [B]. */
  lengths: "generation.lengths",
  /** How many tokens the longest row has: int32 []. */
  total: "generation.total",
  /** Which of the new tokens is the last of each row: int64 [B, 1]. */
  last: "generation.last",
} as const;

/** New tokens are [B, S], and P places are kept, as far as there is room. */
export const generationSizes = { rows: "B", tokens: "S", room: "P" } as const;

/** A decoder's graph as it is built for new tokens. */
export class Generation {
  readonly kept: Kept[] = [];
  readonly made: Made[] = [];
  readonly #graph: Graph;
  readonly #inputs = new Map<string, Value>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  get positions(): Value {
    return this.#input(generationInputs.positions, "int64", [generationSizes.rows, generationSizes.tokens]);
  }

  get lengths(): Value {
    return this.#input(generationInputs.lengths, "int32", [generationSizes.rows]);
  }

  get total(): Value {
    return this.#input(generationInputs.total, "int32", []);
  }

  get last(): Value {
    return this.#input(generationInputs.last, "int64", [generationSizes.rows, 1]);
  }

  /** Gives what was kept of earlier tokens, [B, heads, P, width]; what the new ones add is kept with it. */
  keep(added: Value, heads: number): Value {
    const width = (added.shape[2] as number) / heads;
    const input = `kept.${this.kept.length}`;
    this.kept.push({ input, added, heads, width });
    return this.#input(input, added.dtype, [generationSizes.rows, heads, generationSizes.room, width]);
  }

  /** What does not depend on the new tokens, such as the keys of a picture: made once, and handed in from then on. */
  once(value: Value): Value {
    const input = `made.${this.made.length}`;
    this.made.push({ input, value });
    // What one prompt gives may be wanted in several rows, as those of a beam search.
    return this.#input(input, value.dtype, [generationSizes.rows, ...value.shape.slice(1)]);
  }

  #input(name: string, dtype: DType, shape: Shape): Value {
    const value = this.#inputs.get(name) ?? this.#graph.input(name, dtype, shape);
    this.#inputs.set(name, value);
    return value;
  }
}
