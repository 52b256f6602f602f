import type { Graph, Init, Value } from "../onnx/graph";
import { type Ops, opsOf } from "../onnx/ops/index";
import type { Caches } from "./caches";
import type { Generation } from "./generation";

/** What a block builds with: ops of one graph, and parameters under one name. */
export interface Builder {
  op: Ops;
  /** The graph that `op` emits into. */
  graph: Graph;
  /** A parameter of this dotted name. */
  weight(name: string, shape: readonly number[], init: Init): Value;
  constant(data: readonly number[], shape?: readonly number[]): Value;
  /** A tensor that is kept and never trained; `update` says what it becomes after a training step. */
  buffer(name: string, shape: readonly number[], init: Init): Value;
  update(buffer: Value, next: Value): void;
  /** Whether a buffer's name is frozen: running statistics then stay what they are, and are what training reads too. */
  isFrozen(buffer: Value): boolean;
  /** Whether this is a training step: batch statistics and dropout apply only there. */
  training: boolean;
  /** How the weights of linear layers lie: [in, out] (ours, the default) or [out, in] (PyTorch's). */
  linearLayout?: "in-out" | "out-in";
  /** Present while text is generated: the graph then computes on new tokens alone (./generation). */
  generation?: Generation;
  /**
   * Told of what each attention weighs, float32 [B, heads, N, M], and under which name it is built. Nothing of those
   * whose weights are never there as a whole.
   */
  attended?(weights: Value, name: string): void;
  /** Present where a decoder becomes a file whose caches are inputs and outputs (./caches). */
  caches?: Caches;
}

/** The same builder with every parameter's name prefixed; the empty scope leaves them as they are. */
export function scoped(builder: Builder, scope: string): Builder {
  if (scope === "") return builder;
  const { attended } = builder;
  return {
    ...builder,
    ...(attended && { attended: (weights, name) => attended(weights, name === "" ? scope : `${scope}.${name}`) }),
    weight: (name, shape, init) => builder.weight(`${scope}.${name}`, shape, init),
    buffer: (name, shape, init) => builder.buffer(`${scope}.${name}`, shape, init),
  };
}

/** A builder on a graph of its own, for tests and benchmarks that need no node. */
export const builderOf = (graph: Graph, training = true): Builder => ({
  op: opsOf(graph),
  graph,
  training,
  weight: (name, shape, init) => graph.parameter(name, shape, init),
  buffer: (name, shape, init) => graph.parameter(name, shape, init, true),
  update: (buffer, next) => void graph.updates.set(buffer.name, next),
  isFrozen: () => false,
  constant: (data, shape) => graph.constant(data, "float32", shape),
});

/** The library default of a PyTorch Linear: uniform within 1/√fan_in, for weight and bias. */
export const fanIn = (inputs: number): Init => ({ kind: "uniform", bound: 1 / Math.sqrt(inputs) });
export const normal = (std: number): Init => ({ kind: "normal", std });

/**
 * x·W + b over the last axis. The weight is [in, out], or as the builder's `linearLayout` says. Without a name it is
 * the builder's own. x: float32 [..., in] → [..., out].
 */
export function linear(
  builder: Builder,
  name: string,
  x: Value,
  width: number,
  { bias = true, init, biasInit = { kind: "zeros" } as Init }: { bias?: boolean; init?: Init; biasInit?: Init } = {},
): Value {
  const inputs = x.shape.at(-1);
  if (typeof inputs !== "number")
    throw new Error(`${name} needs to know the last size of its input, which is [${x.shape.join(", ")}]`);
  const own = scoped(builder, name);
  const y = builder.op.MatMul(x, linearWeight(own, [inputs, width], init ?? fanIn(inputs)));
  return bias ? builder.op.Add(y, own.weight("bias", [width], biasInit)) : y;
}

/** The weight of a linear layer as [in, out], however it is kept. */
function linearWeight(builder: Builder, [inputs, width]: [number, number], init: Init): Value {
  if (builder.linearLayout !== "out-in") return builder.weight("weight", [inputs, width], init);
  return builder.op.Transpose(builder.weight("weight", [width, inputs], init), { perm: [1, 0] });
}

/** Rows of a table of embeddings. ids: int64 [...] → float32 [..., width]. */
export function embedding(builder: Builder, name: string, ids: Value, rows: number, width: number): Value {
  return builder.op.Gather(builder.weight(`${name}.weight`, [rows, width], normal(0.02)), ids, { axis: 0 });
}

/** Layer normalization over the last axis with gain and bias. x: float32 [..., D] → the same. */
export function layerNorm(builder: Builder, name: string, x: Value, epsilon = 1e-5): Value {
  const width = x.shape.at(-1) as number;
  return builder.op.LayerNormalization(
    x,
    builder.weight(`${name}.weight`, [width], { kind: "ones" }),
    builder.weight(`${name}.bias`, [width], { kind: "zeros" }),
    { axis: -1, epsilon },
  );
}
