import type * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { type Builder, builderOf, scoped } from "#models/blocks/builder";
import { batchNorm, convolution } from "#models/blocks/convolution";
import { causalMask, transformerBlock } from "#models/blocks/transformer";
import { gradients } from "#models/onnx/differentiate";
import { Graph, type Value } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { infoNce } from "#nodes/loss/info-nce";
import { contrastiveScorer } from "#nodes/model/contrastive-scorer";
import { l2Normalize } from "#nodes/model/l2-normalize";
import { projector } from "#nodes/model/projector";
import { textTransformer } from "#nodes/model/text-transformer";
import { visionTransformer } from "#nodes/model/vision-transformer";
import type { NodeDefinition } from "#nodes/core/node";
import fixture from "./fixtures/gradients.json";
import { integers, numbers, runGraph, tensor } from "./kit/check-op";

interface Stored {
  shape: number[];
  data: number[];
}
interface Case {
  inputs: Record<string, Stored>;
  weights: Record<string, Stored>;
  loss: number;
  gradients: Record<string, number[]>;
  running?: Record<string, number[]>;
}

/** Every number within 1e-4 of PyTorch's, measured by the largest. */
function expectClose(actual: readonly number[], expected: readonly number[], what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const size = Math.max(...expected.map(Math.abs));
  const off = Math.max(...expected.map((e, i) => Math.abs(e - (actual[i] as number))));
  expect(off / size, what).toBeLessThan(1e-4);
}

/** A node's outputs, built into the graph with its parameters under a scope. */
const build = (
  b: Builder,
  node: NodeDefinition,
  scope: string,
  inputs: Record<string, Value>,
  params: Record<string, unknown>,
): Record<string, Value> =>
  node.build?.({ ...scoped(b, scope), inputs, params: params as never }) as Record<string, Value>;

const vision = { patch: 4, width: 8, layers: 1, heads: 2, mlpRatio: 2, activation: "quick_gelu" };
const text = { ...vision, vocabulary: 12, causal: true };
function clip(b: Builder, x: Record<string, Value>): Value {
  const tower = (features: Value, scope: string) =>
    build(
      b,
      l2Normalize,
      "norm",
      { embedding: build(b, projector, scope, { features }, { width: 6, layers: 1, bias: false }).embedding as Value },
      { epsilon: 0 },
    ).embedding as Value;
  const images = tower(
    build(b, visionTransformer, "vision", { pixels: x.pixels as Value }, vision).features as Value,
    "image",
  );
  const texts = tower(build(b, textTransformer, "text", { ids: x.ids as Value }, text).features as Value, "caption");
  return build(
    b,
    infoNce,
    "loss",
    { logits: build(b, contrastiveScorer, "scorer", { images, texts }, { templates: 1 }).logits as Value },
    { smoothing: 0 },
  ).loss as Value;
}
const weighted = ({ op }: Builder, y: Value, target: Value | undefined): Value =>
  op.ReduceMean(op.Mul(y, target as Value), { keepdims: 0 });
const attention = (b: Builder, { x, target }: Record<string, Value>): Value =>
  weighted(b, transformerBlock(b, x as Value, { heads: 3, mlpRatio: 2, activation: "gelu" }, causalMask(b, 5)), target);
function convolutions(b: Builder, { x, target }: Record<string, Value>): Value {
  const unit = (scope: string, v: Value, spec: { stride?: number; group?: number }) => {
    const inScope = scoped(b, scope);
    const convolved = convolution(inScope, "conv", v, 4, { kernel: 3, pad: 1, bias: false, ...spec });
    return b.op.Swish(batchNorm(inScope, "norm", convolved, { epsilon: 1e-3 }));
  };
  return weighted(b, unit("b", unit("a", x as Value, {}), { stride: 2, group: 4 }), target);
}

describe("agrees with PyTorch on loss and every gradient", () => {
  it.each([
    ["the full CLIP loss", clip, fixture.clip],
    ["an attention block", attention, fixture.attention],
    ["convolution, batch norm and swish", convolutions, fixture.convolutions],
  ] as const)("of %s", async (_, loss, stored) => {
    const { inputs, weights, gradients: expected, running = {}, ...rest } = stored as Case;
    const graph = new Graph();
    const x = Object.fromEntries(
      Object.entries(inputs).map(([name, { shape }]) => [
        name,
        graph.input(name, name === "ids" ? "int64" : "float32", shape),
      ]),
    );
    const y = loss(builderOf(graph), x);
    graph.output("loss", y);
    expect(
      graph.parameters
        .filter((p) => !p.buffer)
        .map((p) => p.name)
        .toSorted(),
    ).toEqual(Object.keys(weights).toSorted());
    const wanted = [...Object.values(x), ...graph.parameters.map((p) => p.value)].filter((v) => v.name in expected);
    for (const [name, d] of gradients(graph, y, wanted)) graph.output(`d ${name}`, d);
    for (const [name, next] of graph.updates) graph.output(`next ${name}`, next);

    const feeds: Record<string, ort.Tensor> = Object.fromEntries(
      Object.entries({ ...inputs, ...weights }).map(([name, { shape, data }]) => [
        name,
        name === "ids" ? integers(data, shape) : tensor("float32", data, shape),
      ]),
    );
    for (const { name, value, init } of graph.parameters.filter((p) => p.buffer))
      feeds[name] = tensor(
        "float32",
        [0, 1, 2, 3].map(() => (init.kind === "ones" ? 1 : 0)),
        value.shape as number[],
      );
    const out = await runGraph(graph, feeds);
    expectClose(numbers(out.loss), [rest.loss], "loss");
    for (const [name, d] of Object.entries(expected)) expectClose(numbers(out[`d ${name}`]), d, name);
    for (const [name, statistics] of Object.entries(running))
      expectClose(numbers(out[`next ${name}`]), statistics, name);
  });
});

describe("resizes as torch's interpolate", () => {
  it.each(fixture.resize.cases)("$mode to $size", async ({ size, mode, y, dx, ...how }) => {
    const graph = new Graph();
    const op = opsOf(graph);
    const x = graph.input("x", "float32", fixture.resize.x.shape);
    const resized = op.Resize(x, {
      sizes: size,
      axes: [2, 3],
      mode: mode === "bicubic" ? "cubic" : "linear",
      coordinate_transformation_mode: "align_corners" in how ? "align_corners" : "half_pixel",
      ...("antialias" in how ? { antialias: 1, exclude_outside: 1, cubic_coeff_a: -0.5 } : {}),
    });
    graph.output("y", resized);
    graph.output("dx", gradients(graph, [[resized, resized]], [x]).get("x") as Value);
    const out = await runGraph(graph, { x: tensor("float32", fixture.resize.x.data, fixture.resize.x.shape) });
    expectClose(numbers(out.y), y, "y");
    expectClose(numbers(out.dx), dx, "dx");
  });
});
