import { describe, expect, it } from "vitest";
import { causalMask, selfAttention } from "../blocks/transformer";
import { builderOf } from "../blocks/builder";
import { Graph, type Value } from "./graph";
import { type Ops, opsOf } from "./ops/index";
import { rowAxes, runsByRow } from "./rows";

/** Whether what is built of rows [B, 4, 6] keeps them, and where. */
function axisOf(build: (op: Ops, x: Value, graph: Graph) => Value): number | undefined {
  const graph = new Graph();
  const y = build(opsOf(graph), graph.input("x", "float32", ["B", 4, 6]), graph);
  return rowAxes(graph, "B").get(y.name);
}

describe("a graph that joins other axes to its rows", () => {
  const runs = (build: (op: Ops, x: Value) => Value) => {
    const graph = new Graph();
    graph.output("y", build(opsOf(graph), graph.input("x", "float32", ["B", 4, 6])));
    return runsByRow(graph, "B");
  };
  const joined = (op: Ops, x: Value) => op.Reshape(x, { to: ["4·B", 6] });
  const parted = (op: Ops, x: Value) => op.Reshape(x, { to: ["B", 24] });
  it("runs by row where each row takes its places one after the other", () => {
    expect(runs((op, x) => parted(op, op.Softmax(joined(op, x), { axis: -1 })))).toBe(true);
    const parts = (op: Ops, x: Value) => op.Reshape(op.Transpose(x, { perm: [1, 0, 2] }), { to: [4, "2·B", 3] });
    expect(
      runs((op, x) => {
        const whole = op.Reshape(op.Relu(parts(op, x)), { to: [4, "B", 6] });
        return op.Transpose(whole, { perm: [1, 0, 2] });
      }),
    ).toBe(true);
  });
  it("does not where rows meet, are repeated, or are not what comes out", () => {
    expect(runs((op, x) => parted(op, op.Softmax(joined(op, x), { axis: 0 })))).toBe(false);
    expect(runs((op, x) => op.Reshape(op.Tile(x, { repeats: [2, 1, 1] }), { to: ["B", 48] }))).toBe(false);
    expect(runs((op, x) => parted(op, op.Transpose(op.Reshape(x, { to: [4, "B", 6] }), { perm: [1, 0, 2] })))).toBe(
      false,
    );
    expect(runs(joined)).toBe(false);
  });
  it("has its rows in pieces: nothing is cut there", () => {
    expect(axisOf(joined)).toBeUndefined();
    expect(axisOf((op, x) => parted(op, joined(op, x)))).toBeUndefined();
  });
});

describe("rows", () => {
  it("are kept by what works on each row, along whatever axis they lie", () => {
    expect(axisOf((op, x) => op.Softmax(x, { axis: -1 }))).toBe(0);
    expect(axisOf((op, x) => op.Transpose(x, { perm: [1, 0, 2] }))).toBe(1);
    expect(axisOf((op, x, graph) => op.MatMul(x, graph.parameter("w", [6, 3], { kind: "ones" })))).toBe(0);
    expect(axisOf((op, x) => op.MatMul(x, op.Transpose(x, { perm: [0, 2, 1] })))).toBe(0);
    expect(axisOf((op, x) => op.Reshape(x, { to: ["B", 24] }))).toBe(0);
    expect(
      axisOf((op, x, graph) =>
        op.Concat(op.Expand(graph.parameter("class", [1, 1, 6], { kind: "ones" }), { to: ["B", 1, 6] }), x, {
          axis: 1,
        }),
      ),
    ).toBe(0);
    expect(
      axisOf((op, x, graph) =>
        op.Gather(graph.parameter("table", [9, 2], { kind: "ones" }), op.ArgMax(x, { axis: 1 }), { axis: 0 }),
      ),
    ).toBe(0);
    expect(
      axisOf((_, x, graph) => selfAttention(builderOf(graph), x, { heads: 2 }, causalMask(builderOf(graph), 4))),
    ).toBe(0);
  });
  it("meet in sums, norms and products over the batch, and stay together from there on", () => {
    expect(axisOf((op, x) => op.ReduceMean(x, { axes: [0] }))).toBeUndefined();
    expect(axisOf((op, x) => op.Sub(x, op.ReduceMean(x, { axes: [0] })))).toBeUndefined();
    expect(axisOf((op, x) => op.Softmax(x, { axis: 0 }))).toBeUndefined();
    expect(axisOf((op, x) => op.CumSum(x, { along: 0 }))).toBeUndefined();
    expect(axisOf((op, x) => op.Concat(x, x, { axis: 0 }))).toBeUndefined();
    expect(axisOf((op, x) => op.Reshape(op.Transpose(x, { perm: [1, 0, 2] }), { to: ["B", 24] }))).toBeUndefined();
    expect(
      axisOf((op, x) => {
        const flat = op.Reshape(x, { to: ["B", 24] });
        return op.MatMul(flat, op.Transpose(flat, { perm: [1, 0] }));
      }),
    ).toBeUndefined();
  });
  it("are no longer alone where their number counts", () => {
    const ones = (op: Ops, graph: Graph) => op.Expand(graph.constant([1]), { to: ["B", 1, 1] });
    expect(axisOf((op, x, graph) => op.Mul(x, ones(op, graph)))).toBe(0);
    expect(axisOf((op, x, graph) => op.Div(x, op.ReduceSum(ones(op, graph), { keepdims: 0 })))).toBeUndefined();
    expect(axisOf((op, x, graph) => op.Add(x, op.CumSum(ones(op, graph), { along: 0 })))).toBeUndefined();
  });
  it("decide whether a graph runs in chunks", () => {
    const graph = new Graph();
    const op = opsOf(graph);
    const images = graph.input("i", "float32", ["B", 6]);
    const texts = graph.input("t", "float32", ["C", 6]);
    graph.output("logits", op.MatMul(images, op.Transpose(texts, { perm: [1, 0] })));
    // Rows of the result are those of the images.
    expect([runsByRow(graph, "B"), runsByRow(graph, "C")]).toEqual([true, false]);
  });
});
