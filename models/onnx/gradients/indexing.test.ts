import * as ort from "onnxruntime-node";
import { expect, it } from "vitest";
import { gradients } from "../differentiate";
import { Graph, type Value } from "../graph";
import { type Ops, opsOf } from "../ops/index";
import { toModel } from "../proto";

const [vocabulary, width, reads] = [4, 256, 8192] as const;
it.each([
  ["Gather", [reads], (op: Ops, table: Value, ids: Value) => op.Gather(table, ids, { axis: 0 })],
  ["GatherND", [reads, 1], (op: Ops, table: Value, ids: Value) => op.GatherND(table, ids)],
  // The same rows again, by two indices, one of which counts from the end.
  [
    "GatherND of two axes",
    [reads, 1],
    (op: Ops, table: Value, ids: Value, last: Value) =>
      op.GatherND(
        op.Reshape(table, { to: [1, vocabulary, width] }),
        op.Concat(op.Expand(last, { to: [reads, 1] }), ids, { axis: -1 }),
      ),
  ],
] as const)("adds up every row that %s read, however many threads there are", async (_, indexShape, read) => {
  const graph = new Graph();
  const op = opsOf(graph);
  const table = graph.input("table", "float32", [vocabulary, width]);
  const ids = graph.input("ids", "int64", indexShape);
  const loss = op.ReduceSum(read(op, table, ids, graph.constant([-1], "int64")), { keepdims: 0 });
  graph.output("gradient", gradients(graph, loss, [table]).get("table") as Value);
  const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), { intraOpNumThreads: 4 });
  const feeds = {
    table: new ort.Tensor("float32", new Float32Array(vocabulary * width), [vocabulary, width]),
    ids: new ort.Tensor(
      "int64",
      BigInt64Array.from({ length: reads }, (_, i) => BigInt(i % vocabulary)),
      indexShape,
    ),
  };
  for (let i = 0; i < 20; i++)
    expect(new Set((await session.run(feeds)).gradient?.data as Float32Array)).toEqual(new Set([reads / vocabulary]));
  await session.release();
});
