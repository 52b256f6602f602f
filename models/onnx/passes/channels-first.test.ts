import { describe, expect, it } from "vitest";
import { expectSameNumbers } from "#tests/kit/check-op";
import { type Builder, builderOf, scoped } from "../../blocks/builder";
import { batchNorm, convolution, squeezeExcite } from "../../blocks/convolution";
import { gradients } from "../differentiate";
import { Graph, type Value } from "../graph";
import { print } from "../print";
import { optimize } from "./index";

const countOf = (graph: Graph, name: string): number => graph.nodes.filter(({ op }) => op === name).length;

/** What a network makes of pictures. */
function graphOf(make: (builder: Builder, x: Value) => Value, shape: readonly number[]): Graph {
  const graph = new Graph();
  graph.output("y", make(builderOf(graph), graph.input("x", "float32", shape)));
  return graph;
}

/** The same, and the gradients of all its parameters. */
function withGradients(graph: Graph): Graph {
  const y = graph.outputs.get("y") as Value;
  const seed = graph.input("seed", "float32", y.shape);
  const learning = graph.parameters.filter(({ buffer }) => !buffer);
  const found = gradients(
    graph,
    [[y, seed]],
    learning.map(({ value }) => value),
  );
  for (const { name, value } of learning) graph.output(`d ${name}`, found.get(value.name) as Value);
  return graph;
}

/** A network made ready, differentiated and made ready again, which gives what it gives as it was written. */
async function trained(make: (builder: Builder, x: Value) => Value, shape: readonly number[]): Promise<Graph> {
  const result = optimize(withGradients(optimize(graphOf(make, shape))));
  await expectSameNumbers(withGradients(graphOf(make, shape)), result, { seed: "channels", tolerance: 1e-5 });
  return result;
}

const pointwise = (builder: Builder, name: string, x: Value, channels: number, bias = false): Value =>
  convolution(builder, name, x, channels, { kernel: 1, bias });

describe("convolutions of one place", () => {
  it("are products over the whole batch, with one transpose into a chain of them and one out of it", async () => {
    const graph = await trained(
      (builder, x) => {
        const { op } = builder;
        const first = op.Relu(batchNorm(builder, "one", pointwise(builder, "a", x, 6), {}));
        const gated = squeezeExcite(scoped(builder, "gate"), op.Swish(pointwise(builder, "b", first, 6, true)), 2);
        const pooled = op.AveragePool(op.Add(first, gated), { kernel_shape: [2, 2], strides: [2, 2] });
        return batchNorm(builder, "two", pointwise(builder, "c", pooled, 5), {});
      },
      [8, 3, 4, 4],
    );
    expect(countOf(graph, "Conv")).toBe(0);
    // Of x, y, and the seed.
    expect(countOf(graph, "Transpose")).toBe(3);
  });
  it("stay where rows are open, as in a model that is not trained", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", ["batch", 3, 4, 4]);
    graph.output("y", pointwise(builderOf(graph), "a", x, 6));
    expect(countOf(optimize(graph), "Conv")).toBe(1);
  });
});

describe("convolutions with a kernel for each channel", () => {
  const each = (builder: Builder, x: Value, stride = 1): Value =>
    convolution(builder, "deep", x, 6, { kernel: 3, stride, group: 6, pad: [0, 0, 1, 1] });
  it.each([1, 2])("are a product for each of small pictures, with a stride of %i", async (stride) => {
    const graph = await trained((builder, x) => each(builder, x, stride), [16, 6, 5, 4]);
    expect(countOf(graph, "Conv") + countOf(graph, "ConvTranspose")).toBe(0);
  });
  it("stay where all pairs of places are more than the pictures", () => {
    const graph = graphOf(each, [4, 6, 16, 16]);
    expect(print(optimize(graph))).toContain("Conv(");
  });
});
