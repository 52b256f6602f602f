import * as ort from "onnxruntime-node";
import { expect, it } from "vitest";
import { numbers, runGraph } from "#tests/kit/check-op";
import { Graph, type Value } from "../onnx/graph";
import { type Ops, opsOf } from "../onnx/ops/index";
import { sizeOf } from "../onnx/shape";
import { moveTogether, type Tensors } from "./together";

const shapes = [[5], [3, 4], [], [7], [200, 100], [2, 4], [1, 1, 6], [40_000], [9, 4], [4, 3]];

/** The graph of a rule on tensors of these shapes, moved together or each by itself. */
function graphOf(move: typeof moveTogether): Graph {
  const graph = new Graph();
  const op = opsOf(graph);
  const tensors = shapes.map((shape, i) => ({
    param: graph.input(`param ${i}`, "float32", shape),
    grad: graph.input(`grad ${i}`, "float32", shape),
  }));
  const rule = ({ param, grad }: Tensors): Tensors => {
    const root = op.Sqrt(op.Mul(grad as Value, grad as Value));
    return { param: op.Sub(param as Value, op.Mul(root, graph.constant([0.1]))), root };
  };
  for (const [i, { param, root }] of move(op, tensors, rule).entries()) {
    graph.output(`moved ${i}`, param as Value);
    graph.output(`root ${i}`, root as Value);
  }
  return graph;
}
const each = (_: Ops, tensors: readonly Tensors[], rule: (tensors: Tensors) => Tensors): Tensors[] => tensors.map(rule);
const count = (graph: Graph, op: string): number => graph.nodes.filter((node) => node.op === op).length;

it("gives every tensor what its rule gives it alone, in its place, with fewer ops", async () => {
  const feeds = Object.fromEntries(
    shapes.flatMap((shape, i) =>
      ["param", "grad"].map((name, k) => {
        const data = Float32Array.from({ length: sizeOf(shape) }, (_, n) => Math.sin(n + 10 * i + k));
        return [`${name} ${i}`, new ort.Tensor("float32", data, shape)];
      }),
    ),
  );
  const [together, alone] = [graphOf(moveTogether), graphOf(each)];
  const [ours, theirs] = [await runGraph(together, feeds), await runGraph(alone, feeds)];
  for (const name of alone.outputs.keys()) {
    expect(ours[name]?.dims, name).toEqual(theirs[name]?.dims);
    expect(numbers(ours[name]), name).toEqual(numbers(theirs[name]));
  }
  // [5] with [7], [3, 4] with [2, 4] and [9, 4]; what has no axis, is large or has rows of its own is alone.
  expect([count(alone, "Sqrt"), count(together, "Sqrt")]).toEqual([10, 7]);
});

it("begins another group where one would not lie in a cache", () => {
  const graph = new Graph();
  const op = opsOf(graph);
  const tensors = Array.from({ length: 10 }, (_, i) => ({ x: graph.input(`x ${i}`, "float32", [10_000]) }));
  moveTogether(op, tensors, ({ x }) => ({ x: op.Neg(x as Value) }));
  expect(count(graph, "Neg")).toBe(2);
});
