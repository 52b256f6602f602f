import * as ort from "onnxruntime-node";
import { expect, it } from "vitest";
import { gradients } from "../differentiate";
import { Graph, type Value } from "../graph";
import { opsOf } from "../ops/index";
import { toModel } from "../proto";

it("adds up every row that was read, however many threads there are", async () => {
  const graph = new Graph(), op = opsOf(graph), [vocabulary, width, reads] = [4, 256, 8192] as const;
  const table = graph.input("table", "float32", [vocabulary, width]), ids = graph.input("ids", "int64", [reads]), loss = op.ReduceSum(op.Gather(table, ids, { axis: 0 }), { keepdims: 0 });
  graph.output("gradient", gradients(graph, loss, [table]).get("table") as Value);
  const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), { intraOpNumThreads: 4 });
  const feeds = { table: new ort.Tensor("float32", new Float32Array(vocabulary * width), [vocabulary, width]), ids: new ort.Tensor("int64", BigInt64Array.from({ length: reads }, (_, i) => BigInt(i % vocabulary)), [reads]) };
  for (let i = 0; i < 20; i++) expect(new Set((await session.run(feeds)).gradient?.data as Float32Array)).toEqual(new Set([reads / vocabulary]));
  await session.release();
});
