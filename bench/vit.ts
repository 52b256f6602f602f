import * as ort from "onnxruntime-node";
import { builderOf, layerNorm, linear } from "#models/blocks/builder";
import { transformer } from "#models/blocks/transformer";
import { Graph, type Value } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { random } from "#models/random";
import type { State } from "#models/train/step";
import { initialise } from "#server/runtime/parameters";

export const options: ort.InferenceSession.SessionOptions = { graphOptimizationLevel: "all", logSeverityLevel: 3, extra: { session: { set_denormal_as_zero: "1" } } };
export const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] as number;

export interface Vit {
  graph: Graph;
  loss: Value;
  /** Of a whole step: forward, and backward to inputs and to weights. */
  flops: number;
  /** The batch and fresh parameters, by name; `states` adds those that are not parameters, at zero. */
  feeds(states?: readonly State[]): Record<string, ort.Tensor>;
}

/** A ViT of 6 blocks of 384 on 65 tokens, 11 M parameters, with a mean-pooled loss. */
export function vit(batch: number, width = 384, layers = 6, tokens = 65): Vit {
  const graph = new Graph(), op = opsOf(graph), b = builderOf(graph), x = graph.input("x", "float32", [batch, tokens, width]);
  const y = linear(b, "head", layerNorm(b, "ln", transformer(b, linear(b, "embed", x, width), layers, { heads: 6, mlpRatio: 4, activation: "quick_gelu" })), 64);
  const loss = op.ReduceMean(op.Mul(y, y), { keepdims: 0 });
  const weights = graph.parameters.filter((p) => p.value.shape.length === 2).reduce((n, p) => n + size(p.value.shape as number[]), 0);
  // Three products for each weight (two for the first, which reads data) and for each attention product.
  const flops = 2 * batch * tokens * (3 * weights - width * width) + 3 * layers * 2 * (2 * batch * tokens * tokens * width);
  const draw = random("bench"), data = Float32Array.from({ length: batch * tokens * width }, () => draw.normal());
  return {
    graph, loss, flops,
    feeds: (states = []) => ({
      x: new ort.Tensor("float32", data, [batch, tokens, width]),
      ...(states.length && { lr: new ort.Tensor("float32", [1e-4], []), step: new ort.Tensor("float32", [1], []) }),
      ...Object.fromEntries(states.map(({ name, shape }) => [name, new ort.Tensor("float32", new Float32Array(size(shape)), [...shape])])),
      ...Object.fromEntries(graph.parameters.map(({ name, value: { shape }, init }) => [name, new ort.Tensor("float32", initialise(init, size(shape as number[]), 0, name), shape as number[])])),
    }),
  };
}

const size = (shape: readonly number[]): number => shape.reduce((a, c) => a * c, 1);
