import { describe, expect, it } from "vitest";
import { type Graph as GraphType, Graph, type Value } from "./graph";
import { indexBounds } from "./index-bounds";
import { type Ops, opsOf } from "./ops/index";

const boundsOf = (build: (op: Ops, graph: GraphType, ids: Value) => void) => {
  const graph = new Graph();
  graph.scope = "node";
  build(opsOf(graph), graph, graph.input("ids", "int64", ["B", 3]));
  return indexBounds(graph);
};
const table = (graph: GraphType) => graph.parameter("table", [7, 4], { kind: "zeros" });

describe("bounds of indices", () => {
  it("are those of the table that ids pick from, however they are moved", () => {
    const found = boundsOf((op, graph, ids) => {
      const turned = op.Transpose(op.Cast(op.Identity(ids), { dtype: "int32" }), { perm: [1, 0] });
      op.Gather(table(graph), turned, { axis: 0 });
    });
    const bound = { input: "ids", least: 0, size: 7, spared: [], picks: "rows of weights", scope: "node" };
    expect(found).toEqual([bound]);
  });
  it("leave numbers out that are replaced", () => {
    const found = boundsOf((op, graph, ids) => {
      const logits = graph.input("logits", "float32", ["B", 5]);
      const isIgnored = op.Equal(op.Cast(ids, { dtype: "float32" }), graph.constant([-100]));
      op.GatherElements(logits, op.Where(isIgnored, graph.constant([0], "int64"), ids), { axis: 1 });
    });
    expect(found).toEqual([{ input: "ids", least: 0, size: 5, spared: [-100], picks: "places", scope: "node" }]);
  });
  it("count from the end where places of what was computed are picked", () => {
    const [bound] = boundsOf((op, graph, ids) => {
      op.Gather(graph.input("x", "float32", ["B", 5]), ids, { axis: 1 });
    });
    expect(bound).toMatchObject({ least: -5, size: 5 });
  });
  it("are not said of numbers that are computed, or of sizes that are not known", () => {
    const found = boundsOf((op, graph, ids) => {
      op.Gather(table(graph), op.Add(ids, graph.constant([1], "int64")), { axis: 0 });
      op.Gather(graph.input("x", "float32", ["N", 5]), ids, { axis: 0 });
      op.Gather(table(graph), op.Where(op.Greater(ids, graph.constant([3], "int64")), ids, ids), { axis: 0 });
    });
    expect(found).toEqual([]);
  });
});
