import { expect, it } from "vitest";
import { Graph } from "./graph";
import { opsOf } from "./ops/index";
import { print } from "./print";
import { rewrite } from "./rewrite";

it("makes a graph for one batch size, with every shape inferred again", () => {
  const graph = new Graph();
  const op = opsOf(graph);
  const x = graph.input("x", "float32", ["B", 2, 3]);
  const w = graph.parameter("w", [6, 4], { kind: "ones" });
  graph.output("y", op.Relu(op.MatMul(op.Reshape(x, { to: ["B", 6] }), w)));
  expect(print(rewrite(graph, { sizes: { B: 5 } }))).toMatchInlineSnapshot(`
    "(x: float32[5,2,3], w: float32[6,4])
      Reshape_0: float32[5,6] = Reshape(x, to=[5,6])
      MatMul_1: float32[5,4] = MatMul(Reshape_0, w)
      Relu_2: float32[5,4] = Relu(MatMul_1)
    => y=Relu_2"
  `);
});
it("puts other ops in the place of one, or none", () => {
  const graph = new Graph();
  const op = opsOf(graph);
  const x = graph.input("x", "float32", [2]);
  graph.output("y", op.Neg(op.Neg(op.Exp(x))));
  const twice = rewrite(graph, {
    visit: (node, [a], target) =>
      node.op === "Exp" ? [opsOf(target).Add(a as never, a as never)] : node.op === "Neg" ? [a as never] : undefined,
  });
  expect(print(twice)).toMatchInlineSnapshot(`
    "(x: float32[2])
      Add_0: float32[2] = Add(x, x)
    => y=Add_0"
  `);
});
