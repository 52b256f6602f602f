import { describe, expect, it } from "vitest";
import { causalMask, selfAttention } from "../blocks/transformer";
import { builderOf } from "../blocks/builder";
import { Graph, type Value } from "./graph";
import { type Ops, opsOf } from "./ops/index";
import { chunkedRows, itemReads, rowAxes, runsByRow } from "./rows";

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

describe("rows that find their items by where those begin", () => {
  type Ints = (...numbers: number[]) => Value;
  interface Parts {
    op: Ops;
    ints: Ints;
    graph: Graph;
    /** [P, 3, 5] */
    items: Value;
    /** [N, 4], −1 for the learned end of a line, −2 for nothing. */
    index: Value;
    counts: Value;
  }
  /** What is read by rows, given how it is made of items [P, 3, 5]. */
  function graphOf(build: (parts: Parts) => Value): Graph {
    const graph = new Graph();
    const ints: Ints = (...numbers) => graph.keep("int64", [numbers.length], BigInt64Array.from(numbers, BigInt));
    const items = graph.input("items", "float32", ["P", 3, 5]);
    const index = graph.input("index", "int64", ["N", 4]);
    const counts = graph.input("counts", "int64", ["N"]);
    graph.output("y", build({ op: opsOf(graph), ints, graph, items, index, counts }));
    return graph;
  }
  const runs = (build: (parts: Parts) => Value) => runsByRow(graphOf(build), "N", ["P"]);
  const flat = ({ op, items }: Parts) => op.Reshape(op.Relu(items), { to: ["3·P", 5] });
  const starts = ({ op, ints, counts }: Parts, width = 3) =>
    op.Reshape(op.Mul(op.CumSum(counts, { along: 0, exclusive: 1 }), ints(width)), { to: ["N", 1] });
  const learned = ({ graph }: Parts) => graph.parameter("newline", [1, 5], { kind: "ones" });

  it("run in chunks, and say by which counts", () => {
    const packer = (parts: Parts) =>
      parts.op.Gather(flat(parts), parts.op.Add(parts.index, starts(parts)), { axis: 0 });
    const graph = graphOf(packer);
    expect(chunkedRows(graph, "N", ["P"])).toEqual([{ items: "P", counts: "counts" }]);
    expect(graph.outputs.get("y")?.shape).toEqual(["N", 4, 5]);
    expect(runsByRow(graph, "N")).toBe(false); // items that come whole begin elsewhere than those of some rows
  });

  it("may have places of their own before all items or behind them", () => {
    const place = (parts: Parts, before: readonly number[]) => {
      const { op, ints, index } = parts;
      const own = op.Add(op.Add(index, ints(2)), starts(parts));
      const other = op.Where(op.Equal(index, ints(-1)), ints(before[0] ?? 0), ints(before[1] ?? 0));
      return op.Where(op.Less(index, ints(0)), other, own);
    };
    const zero = ({ graph }: Parts) => graph.constant(Array(5).fill(0), "float32", [1, 5]);
    const read = (before: readonly number[], ...parts: [Parts]) =>
      parts[0].op.Gather(
        parts[0].op.Concat(learned(parts[0]), zero(parts[0]), flat(parts[0]), { axis: 0 }),
        place(parts[0], before),
        { axis: 0 },
      );
    expect(runs((parts) => read([0, 1], parts))).toBe(true);
    expect(runs((parts) => read([0, 2], parts))).toBe(false); // an item of whatever row
    expect(runs((parts) => read([0, -1], parts))).toBe(false); // the last item of all
  });

  it("do not where they meet in any other way", () => {
    const gather = (parts: Parts, index: Value) => parts.op.Gather(flat(parts), index, { axis: 0 });
    // Without where its items begin, it reads those of the first rows.
    expect(runs((parts) => gather(parts, parts.index))).toBe(false);
    // Where items begin that are twice as wide.
    expect(runs((parts) => gather(parts, parts.op.Add(parts.index, starts(parts, 6))))).toBe(false);
    // Where they end.
    expect(
      runs((parts) => {
        const ends = parts.op.Mul(parts.op.CumSum(parts.counts, { along: 0 }), parts.ints(3));
        return gather(parts, parts.op.Add(parts.index, parts.op.Reshape(ends, { to: ["N", 1] })));
      }),
    ).toBe(false);
    // Either its own, or any.
    expect(
      runs((parts) => {
        const { op, ints, index } = parts;
        return gather(parts, op.Where(op.Less(index, ints(0)), index, op.Add(index, starts(parts))));
      }),
    ).toBe(false);
    // Items meet before they are read.
    expect(
      runs((parts) => {
        const mixed = parts.op.Softmax(flat(parts), { axis: 0 });
        return parts.op.Gather(mixed, parts.op.Add(parts.index, starts(parts)), { axis: 0 });
      }),
    ).toBe(false);
    // Where items begin is itself what comes out.
    expect(runs((parts) => starts(parts))).toBe(false);
  });

  it("have items beside them that are kept", () => {
    const graph = graphOf((parts) =>
      parts.op.Gather(flat(parts), parts.op.Add(parts.index, starts(parts)), { axis: 0 }),
    );
    const axes = rowAxes(graph, "N", ["P"]);
    expect(axes.get("items")).toBe(0);
    expect([...axes.values()]).toEqual([0, 0, 0, 0]); // the inputs, and what Relu gives: no flat items
  });

  it("tell whether further items would change anything", () => {
    const reads = (build: (parts: Parts) => Value) => itemReads(graphOf(build), "N", ["P"]);
    const picked = (parts: Parts) =>
      parts.op.Gather(flat(parts), parts.op.Add(parts.index, starts(parts)), { axis: 0 });
    const mean = (op: Ops, x: Value) => op.ReduceMean(x, { keepdims: 0 });
    const counts = [{ items: "P", counts: "counts" }];
    expect(reads((parts) => mean(parts.op, picked(parts)))).toEqual({ picked: counts, byPlaceAlone: true });
    const both = reads(({ op, ...parts }) => op.Add(mean(op, picked({ op, ...parts })), mean(op, parts.items)));
    expect(both).toEqual({ picked: counts, byPlaceAlone: false });
    expect(reads(({ op, items }) => mean(op, items))).toEqual({ picked: [], byPlaceAlone: false });
  });
});
