/** Ops on ONNX Runtime: a graph run as it is, and the check of an op's shape and gradient. */
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

/** A session without the runtime's optimizations: what is compared are our ops, not its rewriting of them. */
const openSession = (graph: Graph): Promise<ort.InferenceSession> =>
  ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), {
    logSeverityLevel: 3,
    graphOptimizationLevel: "disabled",
  });

export async function runGraph(graph: Graph, feeds: Record<string, ort.Tensor>): Promise<Record<string, ort.Tensor>> {
  const session = await openSession(graph);
  try {
    return (await session.run(feeds)) as Record<string, ort.Tensor>;
  } finally {
    await session.release();
  }
}

/** Numbers of any element type, as JavaScript numbers. */
export const numbers = (tensor: ort.Tensor | undefined): number[] =>
  Array.from(tensor?.data as ArrayLike<number>, Number);

/**
 * The runtime gives the same numbers for two forms of a graph, up to `tolerance` of their length. All inputs and
 * parameters are normal draws; `sizes` are numbers for sizes that are open.
 */
export async function expectSameNumbers(
  before: Graph,
  now: Graph,
  { seed, sizes = {}, tolerance }: { seed: string; sizes?: Readonly<Record<string, number>>; tolerance: number },
): Promise<void> {
  const draw = random(seed);
  const fed = [...before.inputs, ...before.parameters.map(({ value }) => value)];
  const feeds = Object.fromEntries(
    fed.map(({ name, shape }) => {
      const dims = shape.map((size) => Number(sizes[size] ?? size));
      const count = dims.reduce((a, b) => a * b, 1);
      const values = Array.from({ length: count }, () => draw.normal());
      return [name, tensor("float32", values, dims)];
    }),
  );
  const [expected, given] = [await runGraph(before, feeds), await runGraph(now, feeds)];
  expect(Object.keys(given)).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(expected)) {
    expect(given[name]?.dims).toEqual(value.dims);
    const [a, b] = [numbers(value), numbers(given[name])];
    expect(Math.hypot(...a.map((x, i) => x - (b[i] as number))), name).toBeLessThan(tolerance * Math.hypot(...a));
  }
}

export const tensor = (dtype: Precision, data: readonly number[], shape: readonly number[]) =>
  new ort.Tensor(dtype, dtype === "float64" ? Float64Array.from(data) : Float32Array.from(data), [...shape]);
export const integers = (data: readonly number[], shape: readonly number[]): ort.Tensor =>
  new ort.Tensor("int64", BigInt64Array.from(data, BigInt), [...shape]);

/**
 * Two promises of an op. Shape: what we infer is what ONNX Runtime returns. Gradient: the rule agrees with a difference
 * quotient along a random direction, in float64 where the runtime has the kernel.
 */
export async function checkOp(
  build: (op: Ops, ...x: Value[]) => Value,
  samples: readonly Sample[],
  { precision = "float64" as Precision, gradient = true } = {},
): Promise<void> {
  const draw = random("check-op", samples.map((s) => s.shape.join()).join(";"));
  const data = samples.map(({ shape, map = (x) => x }) =>
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => map(draw.normal(), i)),
  );
  const normals = (length: number) => Array.from({ length }, () => draw.normal());
  const feeds = (values: readonly number[][]) =>
    Object.fromEntries(values.map((v, i) => [`x${i}`, tensor(precision, v, (samples[i] as Sample).shape)]));

  const forward = graphOf(build, samples, precision);
  const session = await openSession(forward.graph);
  try {
    const result = (await session.run(feeds(data))).y as ort.Tensor;
    expect(result.dims as Shape, print(forward.graph)).toEqual(forward.y.shape);
    expect(result.type).toBe(forward.y.dtype);
    if (!gradient) return;

    const backward = graphOf(build, samples, precision);
    const w = normals(result.size);
    const grads = await runGraph(withGradients(backward, precision), {
      ...feeds(data),
      w: tensor(precision, w, result.dims),
    });
    /** Σ w·y of these inputs, summed in float64. */
    const weighted = async (inputs: readonly number[][]) =>
      numbers((await session.run(feeds(inputs))).y).reduce((sum, y, k) => sum + y * (w[k] as number), 0);
    for (const [i, values] of data.entries()) {
      const direction = normals(values.length);
      const move = (step: number) =>
        data.map((v, j) => (j === i ? v.map((x, k) => x + step * (direction[k] as number)) : v));
      const expected = await differenceQuotient((step) => weighted(move(step)), precision);
      const dx = grads[`d_x${i}`] as ort.Tensor;
      expect(dx.dims).toEqual((samples[i] as Sample).shape);
      const actual = numbers(dx).reduce((sum, d, k) => sum + d * (direction[k] as number), 0);
      expect(
        Math.abs(actual - expected) / Math.max(1, Math.abs(expected)),
        `d/dx${i}: the rule gives ${actual}, the difference ${expected}\n${print(backward.graph)}`,
      ).toBeLessThan(precision === "float64" ? 1e-6 : 1e-3);
    }
  } finally {
    await session.release();
  }
}

interface Built {
  graph: Graph;
  y: Value;
  inputs: Value[];
}

function graphOf(build: (op: Ops, ...x: Value[]) => Value, samples: readonly Sample[], precision: Precision): Built {
  const graph = new Graph();
  const inputs = samples.map(({ shape }, i) => graph.input(`x${i}`, precision, shape));
  const y = build(opsOf(graph), ...inputs);
  graph.output("y", y);
  return { graph, y, inputs };
}

/** Adds the gradients of Σ w·y as outputs `d_x0`, `d_x1`, …, where `w` is one more input. */
function withGradients({ graph, y, inputs }: Built, precision: Precision): Graph {
  const seed = graph.input("w", precision, y.shape);
  for (const [name, d] of gradients(graph, [[y, seed]], inputs)) graph.output(`d_${name}`, d);
  return graph;
}

/**
 * The derivative at 0 as a central difference. In float32 it is one of fourth order, whose steps are long enough to
 * drown rounding.
 */
async function differenceQuotient(f: (step: number) => Promise<number>, precision: Precision): Promise<number> {
  const central = async (h: number) => ((await f(h)) - (await f(-h))) / (2 * h);
  if (precision === "float64") return central(1e-5);
  const wide = await central(2e-2);
  return (4 * (await central(1e-2)) - wide) / 3;
}
