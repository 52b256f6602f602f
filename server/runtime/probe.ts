/**
 * Opens and runs a small model on a provider, and exits with 0 if that worked. In a process of its own: a bad driver
 * takes it down.
 */
import * as ort from "onnxruntime-node";
import { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";

const graph = new Graph();
graph.output(
  "y",
  opsOf(graph).MatMul(graph.input("x", "float32", [2, 2]), graph.constant([1, 0, 0, 1], "float32", [2, 2])),
);
const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), {
  executionProviders: [process.argv[2] ?? "cpu"],
  logSeverityLevel: 4,
});
const { y } = await session.run({ x: new ort.Tensor("float32", [1, 2, 3, 4], [2, 2]) });
process.exit(y && Array.from(y.data as Float32Array).join() === "1,2,3,4" ? 0 : 1);
