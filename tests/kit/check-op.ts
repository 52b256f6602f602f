import * as ort from "onnxruntime-node";
import { expect } from "vitest";
import { gradients } from "#models/onnx/differentiate";
import { Graph, type Shape, type Value } from "#models/onnx/graph";
import { type Ops, opsOf } from "#models/onnx/ops/index";
import { print } from "#models/onnx/print";
import { toModel } from "#models/onnx/proto";
import { random } from "#models/random";

export type Precision = "float64" | "float32";
/** An input of a case: its shape, and how a standard normal draw becomes an element. */
export interface Sample {
  shape: readonly number[];
  map?: (x: number, i: number) => number;
}
export const sample = (shape: readonly number[], map?: Sample["map"]): Sample => ({ shape, map });

export async function runGraph(graph: Graph, feeds: Record<string, ort.Tensor>): Promise<Record<string, ort.Tensor>> {
  const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), { logSeverityLevel: 3, graphOptimizationLevel: "disabled" });
  try {
    return (await session.run(feeds)) as Record<string, ort.Tensor>;
  } finally {
    await session.release();
  }
}

/** Numbers of any element type, as JavaScript numbers. */
export const numbers = (tensor: ort.Tensor | undefined): number[] => Array.from(tensor?.data as ArrayLike<number>, Number);

const tensor = (dtype: Precision, data: readonly number[], shape: readonly number[]) =>
  new ort.Tensor(dtype, dtype === "float64" ? Float64Array.from(data) : Float32Array.from(data), [...shape]);

/**
 * Two promises of an op. Shape: what we infer is what ONNX Runtime returns. Gradient: the rule agrees with a central difference along a
 * random direction, in float64 where the runtime has the kernel.
 */
export async function checkOp(build: (op: Ops, ...x: Value[]) => Value, samples: readonly Sample[], { precision = "float64" as Precision, gradient = true } = {}): Promise<void> {
  const draw = random("check-op", samples.map((s) => s.shape.join()).join(";"));
  const data = samples.map(({ shape, map = (x) => x }) => Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => map(draw.normal(), i)));
  const graphOf = (weighted: boolean) => {
    const graph = new Graph(), op = opsOf(graph), inputs = samples.map(({ shape }, i) => graph.input(`x${i}`, precision, shape));
    const y = build(op, ...inputs);
    graph.output("y", y);
    if (!weighted) return { graph, y };
    const w = graph.input("w", precision, y.shape), loss = op.ReduceSum(op.Mul(y, w), { keepdims: 0 });
    graph.output("loss", loss);
    return { graph, y, loss, inputs };
  };
  const feeds = (values: readonly number[][]) => Object.fromEntries(values.map((v, i) => [`x${i}`, tensor(precision, v, (samples[i] as Sample).shape)]));

  const forward = graphOf(false), result = (await runGraph(forward.graph, feeds(data))).y as ort.Tensor;
  expect(result.dims as Shape, print(forward.graph)).toEqual(forward.y.shape);
  expect(result.type).toBe(forward.y.dtype);
  if (!gradient) return;

  const w = Array.from({ length: result.size }, () => draw.normal()), weight = { w: tensor(precision, w, result.dims) };
  const direct = graphOf(true), backward = graphOf(true);
  for (const [name, d] of gradients(backward.graph, backward.loss as Value, backward.inputs as Value[])) backward.graph.output(`d_${name}`, d);
  const grads = await runGraph(backward.graph, { ...feeds(data), ...weight });
  const h = precision === "float64" ? 1e-5 : 5e-3, tolerance = precision === "float64" ? 1e-6 : 2e-2;
  for (const [i, values] of data.entries()) {
    const direction = values.map(() => draw.normal()), moved = (sign: number) => data.map((v, j) => (j === i ? v.map((x, k) => x + sign * h * (direction[k] as number)) : v));
    const at = async (sign: number) => numbers((await runGraph(direct.graph, { ...feeds(moved(sign)), ...weight })).loss)[0] as number;
    const expected = ((await at(1)) - (await at(-1))) / (2 * h);
    const dx = grads[`d_x${i}`] as ort.Tensor;
    expect(dx.dims).toEqual((samples[i] as Sample).shape);
    const actual = numbers(dx).reduce((sum, d, k) => sum + d * (direction[k] as number), 0);
    expect(Math.abs(actual - expected) / Math.max(1, Math.abs(expected)), `d/dx${i}: the rule gives ${actual}, the difference ${expected}\n${print(backward.graph)}`).toBeLessThan(tolerance);
  }
}
