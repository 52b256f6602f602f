import { expect, it } from "vitest";
import { Graph, type Shape, type Value } from "./graph";
import { type Ops, opsOf } from "./ops/index";
import { rowAxes } from "./rows";

const cases: [string, (op: Ops, ...x: Value[]) => Value, Shape[], number | undefined][] = [
  ["a convolution", (op, x, w) => op.Conv(x, w), [["B", 3, 8, 8], [4, 3, 3, 3]], 0],
  ["batch normalization by given statistics", (op, x, ...s) => op.BatchNormalization(x, ...s), [["B", 3, 8], [3], [3], [3], [3]], 0],
  ["batch normalization by the batch's", (op, x, s) => { const m = op.ReduceMean(x, { axes: [0], keepdims: 0 }); return op.TrainingBatchNormalization(x, s, s, m, m); }, [["B", 3], [3]], undefined],
  ["group normalization", (op, x, s) => op.GroupNormalization(x, s, s, { num_groups: 1 }), [["B", 3, 4], [3]], 0],
  ["normalization over a row", (op, x, s) => op.RMSNormalization(x, s), [["B", 3], [3]], 0],
  ["normalization over all", (op, x) => op.LpNormalization(x, { axis: 0 }), [["B", 3]], undefined],
  ["an einsum that keeps the batch", (op, x, w) => op.Einsum(x, w, { equation: "bi,ij->bj" }), [["B", 3], [3, 4]], 0],
  ["an einsum that moves it", (op, x, w) => op.Einsum(x, w, { equation: "bi,ij->jb" }), [["B", 3], [3, 4]], 1],
  ["an einsum of all with all", (op, x) => op.Einsum(x, x, { equation: "bi,ci->bc" }), [["B", 3]], undefined],
  ["a triangle", (op, x) => op.Trilu(x), [["B", 3]], undefined],
  ["a triangle of each row", (op, x) => op.Trilu(x), [["B", 3, 3]], 0],
  ["resizing pictures", (op, x) => op.Resize(x, { sizes: [4, 4], axes: [2, 3] }), [["B", 3, 8, 8]], 0],
  ["picking within rows", (op, x, i) => op.GatherND(x, op.ArgMax(i, { axis: 1 }), { batch_dims: 1 }), [["B", 3, 4], ["B", 3]], 0],
  ["picking rows", (op, x, i) => op.GatherND(x, op.ArgMax(i, { axis: 1 })), [["B", 3], ["B", 3]], undefined],
];
it.each(cases)("%s", (_, build, shapes, axis) => {
  const graph = new Graph(), y = build(opsOf(graph), ...shapes.map((shape, i) => graph.input(`x${i}`, "float32", shape)));
  expect(rowAxes(graph, "B").get(y.name)).toBe(axis);
});
