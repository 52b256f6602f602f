/**
 * What a training step reaches of what the runtime can do: GFLOP/s of the whole step (forward, backward, AdamW) over
 * those of a 1024³ MatMul, both in this run, in turns. `npm run bench:step`
 */
import * as ort from "onnxruntime-node";
import { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import { sizeOf } from "#models/onnx/shape";
import { adamw, feedsOf, median, options, vitStep } from "./vit";

const batch = Number(process.argv[2] ?? 32);
const product = matmul();
const training = vitStep(batch, { optimizer: adamw });
const flops = flopsOf(training.graph, batch);
const plain = await ort.InferenceSession.create(product.model, options);
const whole = await ort.InferenceSession.create(toModel(training.graph, { parameters: "inputs" }), options);
const feeds = feedsOf(training);
const speeds: { matmul: number[]; step: number[] } = { matmul: [], step: [] };
for (let round = 0; round < 12; round++) {
  let start = performance.now();
  for (let i = 0; i < 10; i++) await plain.run(product.feeds);
  const reached = (10 * product.flops) / (performance.now() - start) / 1e6;
  start = performance.now();
  const out = await whole.run(feeds);
  const step = flops / (performance.now() - start) / 1e6;
  for (const s of training.states) feeds[s.name] = out[s.next] as ort.Tensor;
  if (round < 2) continue; // the first rounds allocate
  speeds.matmul.push(reached);
  speeds.step.push(step);
}
const ratio = median(speeds.step) / median(speeds.matmul);
console.log(
  JSON.stringify({
    bench: "step",
    model: `ViT 6×384, 65 tokens, batch ${batch}, AdamW`,
    stepGflops: Math.round(median(speeds.step)),
    matmulGflops: Math.round(median(speeds.matmul)),
    ratio: Number(ratio.toFixed(3)),
    goal: 0.6,
  }),
);

function matmul(n = 1024): { model: Uint8Array; flops: number; feeds: Record<string, ort.Tensor> } {
  const graph = new Graph();
  const a = graph.input("a", "float32", [n, n]);
  const b = graph.input("b", "float32", [n, n]);
  graph.output("y", opsOf(graph).MatMul(a, b));
  const data = new Float32Array(n * n).fill(0.01);
  return {
    model: toModel(graph, { parameters: "inputs" }),
    flops: 2 * n ** 3,
    feeds: { a: new ort.Tensor("float32", data, [n, n]), b: new ort.Tensor("float32", data, [n, n]) },
  };
}

/**
 * Forward, and backward to inputs and to weights: three products for each weight (two for the first, which reads data)
 * and for each attention product.
 */
function flopsOf(graph: Graph, batch: number, width = 384, layers = 6, tokens = 65): number {
  const weights = graph.parameters
    .filter((p) => p.value.shape.length === 2)
    .reduce((n, p) => n + sizeOf(p.value.shape), 0);
  return 2 * batch * tokens * (3 * weights - width * width) + 3 * layers * 2 * (2 * batch * tokens * tokens * width);
}
