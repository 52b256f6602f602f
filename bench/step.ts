/**
 * What a training step reaches of what the runtime can do: GFLOP/s of the whole step (forward, backward, AdamW) over those of a
 * 1024³ MatMul, both in this run, in turns. `npm run bench:step`
 */
import * as ort from "onnxruntime-node";
import { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import { trainStep } from "#models/train/step";
import { median, options, vit } from "./vit";

function matmul(n = 1024): { model: Uint8Array; flops: number; feeds: Record<string, ort.Tensor> } {
  const graph = new Graph(), a = graph.input("a", "float32", [n, n]), b = graph.input("b", "float32", [n, n]);
  graph.output("y", opsOf(graph).MatMul(a, b));
  const data = new Float32Array(n * n).fill(0.01);
  return { model: toModel(graph, { parameters: "inputs" }), flops: 2 * n ** 3, feeds: { a: new ort.Tensor("float32", data, [n, n]), b: new ort.Tensor("float32", data, [n, n]) } };
}

const batch = Number(process.argv[2] ?? 32), product = matmul(), training = vit(batch);
const states = trainStep(training.graph, training.loss, { optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.1 }, clipNorm: 1 });
const [plain, whole] = [await ort.InferenceSession.create(product.model, options), await ort.InferenceSession.create(toModel(training.graph, { parameters: "inputs" }), options)];
const feeds = training.feeds(states), speeds: { matmul: number[]; step: number[] } = { matmul: [], step: [] };
for (let round = 0; round < 12; round++) {
  let start = performance.now();
  for (let i = 0; i < 10; i++) await plain.run(product.feeds);
  const reached = (10 * product.flops) / (performance.now() - start) / 1e6;
  start = performance.now();
  const out = await whole.run(feeds);
  const step = training.flops / (performance.now() - start) / 1e6;
  for (const s of states) feeds[s.name] = out[s.next] as ort.Tensor;
  if (round < 2) continue; // the first rounds allocate
  speeds.matmul.push(reached);
  speeds.step.push(step);
}
const ratio = median(speeds.step) / median(speeds.matmul);
console.log(JSON.stringify({ bench: "step", model: `ViT 6×384, 65 tokens, batch ${batch}, AdamW`, stepGflops: Math.round(median(speeds.step)), matmulGflops: Math.round(median(speeds.matmul)), ratio: Number(ratio.toFixed(3)), goal: 0.6 }));
