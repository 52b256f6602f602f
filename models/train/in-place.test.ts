import { expect, it } from "vitest";
import { Graph, type Value } from "../onnx/graph";
import { opsOf } from "../onnx/ops/index";
import { inPlace } from "./in-place";

const of = (build: (op: ReturnType<typeof opsOf>, m: Value, graph: Graph) => Value): boolean => {
  const graph = new Graph();
  const op = opsOf(graph);
  const m = graph.input("m", "float32", [4]);
  graph.output("next m", build(op, m, graph));
  return inPlace(graph, [{ name: "m", next: "next m", shape: [4], start: 0 }]).has("m");
};

it("takes what every reader comes before", () => {
  expect(of((op, m, g) => op.Add(op.Mul(m, g.constant([0.9])), g.input("g", "float32", [4])))).toBe(true);
  expect(of((op, m) => op.Add(op.Mul(m, m), op.Exp(op.Neg(m))))).toBe(true);
});
it("leaves what is read by others, or by the last op itself, or through a view", () => {
  expect(
    of((op, m, g) => {
      g.output("loss", op.ReduceSum(m));
      return op.Add(op.Mul(m, g.constant([0.9])), g.input("g", "float32", [4]));
    }),
  ).toBe(false);
  expect(of((op, m, g) => op.Add(m, g.input("g", "float32", [4])))).toBe(false);
  expect(of((op, m, g) => op.Mul(op.Neg(op.Reshape(m, { to: [4] })), g.constant([2])))).toBe(false);
  expect(of((_, m) => m)).toBe(false);
});
it("leaves parameters", () => {
  const graph = new Graph();
  const op = opsOf(graph);
  const w = graph.parameter("w", [4], { kind: "zeros" });
  graph.output("next w", op.Neg(op.Mul(w, graph.constant([0.9]))));
  expect(inPlace(graph, [{ name: "w", next: "next w", shape: [4], start: 0 }]).size).toBe(0);
});
