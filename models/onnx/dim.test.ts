import { Tensor } from "onnxruntime-node";
import { expect, it } from "vitest";
import { runGraph } from "#tests/kit/check-op";
import { addDims, bindDim, divideDims, multiplyDims, subtractDims } from "./dim";
import { type Dim, Graph } from "./graph";
import { opsOf } from "./ops/index";
import { rewrite } from "./rewrite";

it("writes a size that follows from symbols in one way only", () => {
  expect(addDims("B", 1)).toBe("B+1");
  expect(addDims(1, "B")).toBe("B+1");
  expect(multiplyDims("N", multiplyDims(2, "B"))).toBe("2·B·N");
  expect(multiplyDims("B+1", "B+-1")).toBe("B·B+-1");
  expect(subtractDims(addDims("a-1.N", 3), "a-1.N")).toBe(3);
  expect(addDims("*", 1)).toBe("*");
  expect(Array.from({ length: 60 }).reduce<Dim>((d) => multiplyDims(d, d), "B")).toBe("*");
  expect(Array.from({ length: 60 }).reduce<Dim>((d, _, i) => addDims(d, `s${i}`), 0)).toBe("*");
});
it("divides where the result is a size for every value of the symbols", () => {
  expect(divideDims("12·B", 12)).toBe("B");
  expect(divideDims("6·B·N", "2·B")).toBe("3·N");
  expect(divideDims("B", "B")).toBe(1);
  expect(divideDims(12, 4)).toBe(3);
  expect([divideDims("B", 2), divideDims(1, "B"), divideDims(5, 0), divideDims("B+N", "B")]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
it("takes numbers and other names for symbols", () => {
  expect(bindDim("2·B·N+B+-1", { B: 4 })).toBe("8·N+3");
  expect(bindDim("2·B", { B: "rows" })).toBe("2·rows");
  expect(bindDim("*", { B: 4 })).toBe("*");
  expect(bindDim(7, {})).toBe(7);
});
it("is written into a model as ops on the sizes of its inputs", async () => {
  const graph = new Graph();
  const op = opsOf(graph);
  const x = graph.input("x", "float32", ["B", "N", 2]);
  const windows = op.Reshape(x, { to: [multiplyDims("B", 2), "N"] });
  graph.output("y", op.Concat(windows, op.Expand(graph.constant([7]), { to: [1, "N"] }), { axis: 0 }));
  expect(graph.outputs.get("y")?.shape).toEqual(["2·B+1", "N"]);
  for (const [b, n] of [
    [1, 3],
    [4, 2],
  ] as const) {
    const { y } = await runGraph(graph, { x: new Tensor("float32", new Float32Array(b * n * 2), [b, n, 2]) });
    expect(y?.dims).toEqual([2 * b + 1, n]);
  }
  expect(rewrite(graph, { sizes: { B: 3 } }).outputs.get("y")?.shape).toEqual([7, "N"]);
});
