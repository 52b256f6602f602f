import * as ort from "onnxruntime-node";
import { expect, it } from "vitest";
import { numbers, runGraph } from "#tests/kit/check-op";
import { expanded } from "./expansions";
import { Graph } from "./graph";
import { opsOf } from "./ops/index";

it("one number beside a tensor that ends in axes of 1 has as many axes, made once", async () => {
  const graph = new Graph();
  const op = opsOf(graph);
  const weights = graph.input("weights", "float32", [3, 2, 1, 1]);
  const column = graph.input("column", "float32", [3, 1]);
  const rate = graph.input("rate", "float32", []);
  graph.output("step", op.Sub(op.Mul(weights, rate), op.Mul(rate, weights)));
  graph.output("y", op.Mul(op.Add(weights, rate), graph.constant([2])));
  graph.output("plain", op.Mul(column, rate));
  const written = expanded(graph);
  const shapes = written.nodes.map(({ op: name, inputs }) => [name, ...inputs.map(({ shape }) => shape.join("×"))]);
  expect(shapes.filter(([name]) => name === "Reshape")).toHaveLength(2);
  expect(shapes).toContainEqual(["Mul", "3×1", ""]);
  for (const [, one, other] of shapes.filter(([name]) => name !== "Reshape").slice(0, -1))
    expect([one, other].filter((shape) => shape === "")).toEqual([]);
  const tensor = (list: number[], shape: number[]) => new ort.Tensor("float32", Float32Array.from(list), shape);
  const results = await runGraph(graph, {
    weights: tensor([1, 2, 3, 4, 5, 6], [3, 2, 1, 1]),
    column: tensor([1, 2, 3], [3, 1]),
    rate: tensor([0.5], []),
  });
  expect(numbers(results.y)).toEqual([3, 5, 7, 9, 11, 13]);
  expect(numbers(results.step)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(numbers(results.plain)).toEqual([0.5, 1, 1.5]);
});

it("a transposition that moves one axis, but for axes of 1, is written without those", async () => {
  const graph = new Graph();
  const op = opsOf(graph);
  const x = graph.input("x", "float32", [1, 2, 3, 1, 4]);
  graph.output("moved", op.Transpose(x, { perm: [1, 4, 0, 2, 3] }));
  graph.output("turned", op.Transpose(x, { perm: [0, 4, 3, 2, 1] }));
  const perms = expanded(graph).nodes.flatMap(({ op: name, attrs }) => (name === "Transpose" ? [attrs.perm] : []));
  expect(perms).toEqual([
    [0, 2, 1],
    [0, 4, 3, 2, 1],
  ]);
  const list = Float32Array.from({ length: 24 }, (_, i) => i);
  const { moved } = await runGraph(graph, { x: new ort.Tensor("float32", list, [1, 2, 3, 1, 4]) });
  expect(moved?.dims).toEqual([2, 4, 1, 3, 1]);
  expect(numbers(moved)).toEqual(
    [0, 1].flatMap((a) => [0, 1, 2, 3].flatMap((b) => [0, 1, 2].map((c) => a * 12 + c * 4 + b))),
  );
});
