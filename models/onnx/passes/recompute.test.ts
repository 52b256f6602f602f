import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import * as ort from "onnxruntime-node";
import { expect, it } from "vitest";
import { numbers, runGraph } from "#tests/kit/check-op";
import { builderOf } from "../../blocks/builder";
import { transformer } from "../../blocks/transformer";
import { random } from "../../random";
import { gradients } from "../differentiate";
import { Graph, type OpNode, type Value } from "../graph";
import { print } from "../print";
import { toModel } from "../proto";
import { optimize, passes } from "./index";
import { recompute } from "./recompute";

/** The gradients of a small network whose mean is the loss, with or without recompute of some of its ops. */
function gradientsOf(network: (graph: Graph, x: Value) => Value, isChosen?: (op: OpNode) => boolean): Graph {
  const graph = new Graph();
  const { op } = builderOf(graph);
  const y = network(graph, graph.input("x", "float32", [2, 3, 8]));
  const loss = op.ReduceMean(op.Mul(y, y), { keepdims: 0 });
  const grads = gradients(
    graph,
    loss,
    graph.parameters.map((p) => p.value),
    isChosen && recompute(graph, isChosen),
  );
  for (const p of graph.parameters) graph.output(`d ${p.name}`, grads.get(p.value.name) as Value);
  return passes["drop-dead"](graph);
}
const blocks = (graph: Graph, x: Value): Value =>
  transformer(builderOf(graph), x, 4, { heads: 2, mlpRatio: 2, activation: "gelu" });
const chain = (graph: Graph, x: Value): Value => {
  const { op } = builderOf(graph);
  return [0, 1, 2, 3].reduce((h, i) => op.Sin(op.Mul(h, graph.parameter(`w${i}`, [8], { kind: "ones" }))), x);
};
const count = (graph: Graph, op: string): number => graph.nodes.filter((n) => n.op === op).length;

it("computes segments again from what entered them, behind the cotangent", () => {
  expect(print(gradientsOf(chain, ({ op }) => op === "Sin" || op === "Mul"))).toMatchInlineSnapshot(`
    "(x: float32[2,3,8], w0: float32[8], w1: float32[8], w2: float32[8], w3: float32[8])
      const_8: float32[] = 1
      const_10: float32[] = 0.02083333395421505
      const_24: float32[] = 0
      const_39: float32[] = 0
      Mul_0: float32[2,3,8] = Mul(x, w0)
      Sin_1: float32[2,3,8] = Sin(Mul_0)
      Mul_2: float32[2,3,8] = Mul(Sin_1, w1)
      Sin_3: float32[2,3,8] = Sin(Mul_2)
      Mul_4: float32[2,3,8] = Mul(Sin_3, w2)
      Sin_5: float32[2,3,8] = Sin(Mul_4)
      Mul_6: float32[2,3,8] = Mul(Sin_5, w3)
      Sin_7: float32[2,3,8] = Sin(Mul_6)
      Reshape_9: float32[1,1,1] = Reshape(const_8, to=[1,1,1])
      Mul_11: float32[1,1,1] = Mul(Reshape_9, const_10)
      Expand_12: float32[2,3,8] = Expand(Mul_11, to=[2,3,8])
      Mul_13: float32[2,3,8] = Mul(Expand_12, Sin_7)
      Mul_14: float32[2,3,8] = Mul(Expand_12, Sin_7)
      Add_15: float32[2,3,8] = Add(Mul_13, Mul_14)
      Cos_16: float32[2,3,8] = Cos(Mul_6)
      Mul_17: float32[2,3,8] = Mul(Add_15, Cos_16)
      Mul_18: float32[2,3,8] = Mul(Mul_17, w3)
      Mul_19: float32[2,3,8] = Mul(Mul_17, Sin_5)
      ReduceSum_20: float32[1,1,8] = ReduceSum(Mul_19, axes=[0,1])
      Reshape_21: float32[8] = Reshape(ReduceSum_20, to=[8])
      Slice_22: float32[1,1,1] = Slice(Mul_18, starts=[0,0,0], ends=[1,1,1], axes=[0,1,2])
      Reshape_23: float32[] = Reshape(Slice_22, to=[])
      Mul_25: float32[] = Mul(Reshape_23, const_24)
      Add_26: float32[2,3,8] = Add(Mul_2, Mul_25)
      Sin_27: float32[2,3,8] = Sin(Add_26)
      Mul_28: float32[2,3,8] = Mul(Sin_27, w2)
      Cos_29: float32[2,3,8] = Cos(Mul_28)
      Mul_30: float32[2,3,8] = Mul(Mul_18, Cos_29)
      Mul_31: float32[2,3,8] = Mul(Mul_30, w2)
      Mul_32: float32[2,3,8] = Mul(Mul_30, Sin_27)
      ReduceSum_33: float32[1,1,8] = ReduceSum(Mul_32, axes=[0,1])
      Reshape_34: float32[8] = Reshape(ReduceSum_33, to=[8])
      Cos_35: float32[2,3,8] = Cos(Add_26)
      Mul_36: float32[2,3,8] = Mul(Mul_31, Cos_35)
      Slice_37: float32[1,1,1] = Slice(Mul_36, starts=[0,0,0], ends=[1,1,1], axes=[0,1,2])
      Reshape_38: float32[] = Reshape(Slice_37, to=[])
      Mul_40: float32[] = Mul(Reshape_38, const_39)
      Add_41: float32[2,3,8] = Add(x, Mul_40)
      Mul_42: float32[2,3,8] = Mul(Add_41, w0)
      Sin_43: float32[2,3,8] = Sin(Mul_42)
      Mul_44: float32[2,3,8] = Mul(Mul_36, w1)
      Mul_45: float32[2,3,8] = Mul(Mul_36, Sin_43)
      ReduceSum_46: float32[1,1,8] = ReduceSum(Mul_45, axes=[0,1])
      Reshape_47: float32[8] = Reshape(ReduceSum_46, to=[8])
      Cos_48: float32[2,3,8] = Cos(Mul_42)
      Mul_49: float32[2,3,8] = Mul(Mul_44, Cos_48)
      Mul_50: float32[2,3,8] = Mul(Mul_49, Add_41)
      ReduceSum_51: float32[1,1,8] = ReduceSum(Mul_50, axes=[0,1])
      Reshape_52: float32[8] = Reshape(ReduceSum_51, to=[8])
    => d w0=Reshape_52, d w1=Reshape_47, d w2=Reshape_34, d w3=Reshape_21"
  `);
});
it("gives the same gradients, bit for bit", async () => {
  const [kept, again] = [gradientsOf(blocks), gradientsOf(blocks, () => true)];
  const draw = random("recompute");
  const feeds = Object.fromEntries(
    [...kept.inputs, ...kept.parameters.map((p) => p.value)].map(({ name, shape }) => {
      const dims = shape as number[];
      return [
        name,
        new ort.Tensor(
          "float32",
          Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => draw.normal()),
          dims,
        ),
      ];
    }),
  );
  expect(count(again, "Softmax")).toBeGreaterThan(count(kept, "Softmax"));
  const [a, b] = [await runGraph(kept, feeds), await runGraph(again, feeds)];
  for (const name of kept.outputs.keys()) expect(numbers(b[name])).toEqual(numbers(a[name]));
});
it("leaves alone what is not chosen", () => {
  expect(print(gradientsOf(blocks, () => false))).toBe(print(gradientsOf(blocks)));
});
it("is not undone by the passes or by the runtime", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "recompute-")), "model.onnx");
  const graph = optimize(gradientsOf(blocks, () => true));
  expect(count(graph, "Softmax")).toBe(
    count(
      gradientsOf(blocks, () => true),
      "Softmax",
    ),
  );
  const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), {
    optimizedModelFilePath: file,
    logSeverityLevel: 3,
  });
  await session.release();
  const optimized = fromBinary(ModelProtoSchema, await readFile(file));
  expect(optimized.graph?.node.filter((n) => n.opType === "Softmax")).toHaveLength(count(graph, "Softmax"));
});
