/**
 * What a decoder is built with for a model file that writes token by token: keys and values of earlier tokens come in
 * and go out, laid out as Optimum's exports are, which transformers.js and ONNX Runtime's other users run.
 */
import type { Dim, DType, Graph, Shape, Value } from "../onnx/graph";
import { opsOf } from "../onnx/ops/index";

/** New tokens are [B, S], behind P earlier ones. */
export const cacheSizes = { rows: "B", tokens: "S", past: "P", all: "P+S" } as const;

/** The inputs that go with the tokens of a call, besides what was kept. */
const names = { mask: "attention_mask", positions: "position_ids" } as const;

/** A decoder's graph with its caches as inputs and outputs. */
export class Caches {
  /** What goes out to come in again with the next call, by name. */
  readonly presents = new Map<string, Value>();
  readonly #graph: Graph;
  readonly #inputs = new Map<string, Value>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** The place of each new token in its row: int64 [B, S]. */
  get positions(): Value {
    return this.#input(names.positions, "int64", [cacheSizes.rows, cacheSizes.tokens]);
  }

  /** 1 where a token counts, earlier ones first: int64 [B, P+S]. */
  get mask(): Value {
    return this.#input(names.mask, "int64", [cacheSizes.rows, cacheSizes.all]);
  }

  /** How many tokens came before: int64 []. */
  get before(): Value {
    const op = opsOf(this.#graph);
    const ones = op.Expand(this.#graph.constant([1], "int64"), { to: [cacheSizes.past] });
    return op.ReduceSum(ones, { axes: [0], keepdims: 0 });
  }

  /** Earlier keys and values with the new ones behind them, each [B, heads, S, d] → [B, heads, P+S, d]. */
  extended(key: Value, value: Value): [key: Value, value: Value] {
    const layer = this.presents.size / 2;
    const extend = (name: string, added: Value): Value => {
      const [, heads, , width] = added.shape as [Dim, number, Dim, number];
      const shape = [cacheSizes.rows, heads, cacheSizes.past, width];
      const past = this.#graph.input(`past_key_values.${layer}.${name}`, added.dtype, shape);
      const all = opsOf(this.#graph).Concat(past, added, { axis: 2 });
      this.presents.set(`present.${layer}.${name}`, all);
      return all;
    };
    return [extend("key", key), extend("value", value)];
  }

  #input(name: string, dtype: DType, shape: Shape): Value {
    const value = this.#inputs.get(name) ?? this.#graph.input(name, dtype, shape);
    this.#inputs.set(name, value);
    return value;
  }
}
