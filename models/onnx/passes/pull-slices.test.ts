import { describe, expect, it } from "vitest";
import { Graph, type Value } from "../graph";
import { type Ops, opsOf } from "../ops/index";
import { pullSlices } from "./pull-slices";
import { expectSameNumbers } from "#tests/kit/check-op";

const [batch, tokens, width, heads] = [2, 9, 8, 2];

/** One block of a transformer, as ViT has it. */
function block(op: Ops, graph: Graph, x: Value): Value {
  const matrix = (name: string, rows: number, columns: number) =>
    graph.parameter(name, [rows, columns], { kind: "zeros" });
  const norm = (value: Value, name: string) =>
    op.LayerNormalization(value, graph.parameter(name, [width], { kind: "zeros" }), { epsilon: 1e-6 });
  const split = (value: Value, perm: readonly number[]) =>
    op.Transpose(op.Reshape(value, { to: ["B", tokens, heads, width / heads] }), { perm });
  const read = norm(x, "norm1");
  const [q, k, v] = ["q", "k", "v"].map((name) => op.MatMul(read, matrix(name, width, width))) as [Value, Value, Value];
  const weights = op.Softmax(op.MatMul(split(q, [0, 2, 1, 3]), split(k, [0, 2, 3, 1])), { axis: -1 });
  const seen = op.Transpose(op.MatMul(weights, split(v, [0, 2, 1, 3])), { perm: [0, 2, 1, 3] });
  const attended = op.Add(x, op.MatMul(op.Reshape(seen, { to: ["B", tokens, width] }), matrix("o", width, width)));
  const wide = op.Gelu(op.MatMul(norm(attended, "norm2"), matrix("fc1", width, 4 * width)));
  return op.Add(attended, op.MatMul(wide, matrix("fc2", 4 * width, width)));
}

function graphOf(build: (op: Ops, graph: Graph, x: Value) => Record<string, Value>): Graph {
  const graph = new Graph();
  const x = graph.input("x", "float32", ["B", tokens, width]);
  for (const [name, value] of Object.entries(build(opsOf(graph), graph, x))) graph.output(name, value);
  return graph;
}

/** The graph after the pass; the runtime has given the same numbers for both. */
async function pulled(graph: Graph): Promise<Graph> {
  const result = pullSlices(graph);
  await expectSameNumbers(graph, result, { seed: "slices", sizes: { B: batch }, tolerance: 1e-5 });
  return result;
}

const shapesOf = (graph: Graph, op: string): string[] =>
  graph.nodes.filter((node) => node.op === op).map((node) => `[${(node.outputs[0] as Value).shape}]`);
const first = { starts: [0], ends: [1], axes: [1] };

describe("slices that are pulled up", () => {
  it("leave one query and one feed-forward row of the block before a class token's head", async () => {
    for (const choose of [
      (op: Ops, _: Graph, y: Value) => op.Slice(y, first),
      (op: Ops, graph: Graph, y: Value) => op.Gather(y, graph.constant([0], "int64", []), { axis: 1 }),
    ]) {
      const result = await pulled(graphOf((op, graph, x) => ({ y: choose(op, graph, block(op, graph, x)) })));
      expect(shapesOf(result, "Softmax")).toEqual([`[B,${heads},1,${tokens}]`]);
      expect(shapesOf(result, "Gelu")).toEqual([`[B,1,${4 * width}]`]);
      // Keys and values are those of all tokens.
      expect(shapesOf(result, "MatMul").filter((shape) => shape === `[B,${tokens},${width}]`)).toHaveLength(2);
    }
  });

  it("take the last place too", async () => {
    const last = (op: Ops, graph: Graph, y: Value) => op.Gather(y, graph.constant([-1], "int64"), { axis: 1 });
    const result = await pulled(graphOf((op, graph, x) => ({ y: last(op, graph, block(op, graph, x)) })));
    expect(shapesOf(result, "Gelu")).toEqual([`[B,1,${4 * width}]`]);
  });

  it("stay where another reader wants the rest, and where they take most of an axis", async () => {
    const both = await pulled(
      graphOf((op, graph, x) => {
        const y = block(op, graph, x);
        return { y: op.Slice(y, first), all: y };
      }),
    );
    expect(shapesOf(both, "Gelu")).toEqual([`[B,${tokens},${4 * width}]`]);
    const most = { starts: [1], ends: [tokens], axes: [1] };
    const rest = await pulled(graphOf((op, graph, x) => ({ y: op.Slice(block(op, graph, x), most) })));
    expect(shapesOf(rest, "Gelu")).toEqual([`[B,${tokens},${4 * width}]`]);
  });

  it("find the part that was put together with others", async () => {
    const result = await pulled(
      graphOf((op, graph, x) => {
        const token = op.Expand(graph.parameter("token", [1, 1, width], { kind: "zeros" }), { to: ["B", 1, width] });
        const place = graph.parameter("places", [1, tokens + 1, width], { kind: "zeros" });
        return { y: op.Slice(op.Add(op.Concat(token, op.Exp(x), { axis: 1 }), place), first) };
      }),
    );
    expect(result.nodes.map(({ op }) => op)).not.toContain("Exp");
  });

  it("go through sums, means over other axes, and slices of other axes", async () => {
    const result = await pulled(
      graphOf((op, _, x) => {
        const centred = op.Sub(x, op.ReduceMean(x, { axes: [-1] }));
        const length = op.Sqrt(op.ReduceSum(op.Mul(centred, centred), { axes: [2], keepdims: 0 }));
        const half = op.Slice(centred, { starts: [0], ends: [5], axes: [2] });
        return { length: op.Slice(length, first), half: op.Slice(half, first) };
      }),
    );
    for (const name of ["ReduceMean", "ReduceSum", "Sqrt"]) expect(shapesOf(result, name)[0], name).toMatch(/^\[B,1/);
  });

  it("leave what cannot be computed in parts as it is", async () => {
    const along = await pulled(
      graphOf((op, _, x) => ({
        softmax: op.Slice(op.Softmax(x, { axis: 1 }), first),
        columns: op.Slice(op.MatMul(x, op.Transpose(x, { perm: [0, 2, 1] })), { starts: [0], ends: [1], axes: [2] }),
        merged: op.Slice(op.Reshape(x, { to: ["B", tokens * width] }), first),
      })),
    );
    expect(shapesOf(along, "Softmax")).toEqual([`[B,${tokens},${width}]`]);
    expect(shapesOf(along, "MatMul")).toEqual([`[B,${tokens},${tokens}]`]);
    expect(shapesOf(along, "Reshape")).toEqual([`[B,${tokens * width}]`]);
  });
});
