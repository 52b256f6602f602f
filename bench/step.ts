/**
 * What a training step reaches of what the runtime can do: GFLOP/s of the whole step (forward, backward, AdamW) over those of a
 * 1024³ MatMul, both in this run, in turns. `npm run bench:step`
 */
import * as ort from "onnxruntime-node";
import { builderOf, layerNorm, linear } from "#models/blocks/builder";
import { transformer } from "#models/blocks/transformer";
import { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import { random } from "#models/random";
import { trainStep } from "#models/train/step";
import { initialise } from "#server/runtime/parameters";

const options: ort.InferenceSession.SessionOptions = { graphOptimizationLevel: "all", logSeverityLevel: 3, extra: { session: { set_denormal_as_zero: "1" } } };
const median = (list: number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] as number;

/** A ViT of 6 blocks of 384, on 65 tokens, with a mean-pooled loss. */
function step(batch: number, width = 384, layers = 6, tokens = 65): { model: Uint8Array; flops: number; feeds: () => Record<string, ort.Tensor>; states: { name: string; next: string }[] } {
  const graph = new Graph(), op = opsOf(graph);
  const b = builderOf(graph);
  const x = graph.input("x", "float32", [batch, tokens, width]);
  const y = linear(b, "head", layerNorm(b, "ln", transformer(b, linear(b, "embed", x, width), layers, { heads: 6, mlpRatio: 4, activation: "quick_gelu" })), 64);
  const loss = op.ReduceMean(op.Mul(y, y), { keepdims: 0 });
  const states = trainStep(graph, loss, { optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.1 }, clipNorm: 1 });
  const weights = graph.parameters.filter((p) => p.value.shape.length === 2).reduce((n, p) => n + (p.value.shape as number[]).reduce((a, c) => a * c, 1), 0);
  // Forward, and backward to inputs and to weights: three products for each weight (two for the first, which reads data) and for each attention product.
  const flops = 2 * batch * tokens * (3 * weights - width * width) + 3 * layers * 2 * (2 * batch * tokens * tokens * width);
  const draw = random("bench"), data = Float32Array.from({ length: batch * tokens * width }, () => draw.normal());
  const feeds = () => ({
    x: new ort.Tensor("float32", data, [batch, tokens, width]), lr: new ort.Tensor("float32", [1e-4], []), step: new ort.Tensor("float32", [1], []),
    ...Object.fromEntries(states.map((s) => {
      const parameter = graph.parameters.find((p) => p.name === s.name), size = s.shape.reduce((a, c) => a * c, 1);
      return [s.name, new ort.Tensor("float32", parameter ? initialise(parameter.init, size, 0, s.name) : new Float32Array(size), [...s.shape])];
    })),
  });
  return { model: toModel(graph, { parameters: "inputs" }), flops, feeds, states };
}

function matmul(n = 1024): { model: Uint8Array; flops: number; feeds: Record<string, ort.Tensor> } {
  const graph = new Graph(), a = graph.input("a", "float32", [n, n]), b = graph.input("b", "float32", [n, n]);
  graph.output("y", opsOf(graph).MatMul(a, b));
  const data = new Float32Array(n * n).fill(0.01);
  return { model: toModel(graph, { parameters: "inputs" }), flops: 2 * n ** 3, feeds: { a: new ort.Tensor("float32", data, [n, n]), b: new ort.Tensor("float32", data, [n, n]) } };
}

const batch = Number(process.argv[2] ?? 32), product = matmul(), training = step(batch);
const [plain, whole] = [await ort.InferenceSession.create(product.model, options), await ort.InferenceSession.create(training.model, options)];
let feeds: Record<string, ort.Tensor> = training.feeds();
const fixed = Object.fromEntries(["x", "lr", "step"].map((name) => [name, feeds[name] as ort.Tensor]));
const speeds: { matmul: number[]; step: number[] } = { matmul: [], step: [] };
for (let round = 0; round < 12; round++) {
  let start = performance.now();
  for (let i = 0; i < 10; i++) await plain.run(product.feeds);
  const reached = (10 * product.flops) / (performance.now() - start) / 1e6;
  start = performance.now();
  const out = await whole.run(feeds);
  const step = training.flops / (performance.now() - start) / 1e6;
  feeds = { ...fixed, ...Object.fromEntries(training.states.map((s) => [s.name, out[s.next] as ort.Tensor])) };
  if (round < 2) continue; // the first rounds allocate
  speeds.matmul.push(reached);
  speeds.step.push(step);
}
const ratio = median(speeds.step) / median(speeds.matmul);
console.log(JSON.stringify({ bench: "step", model: `ViT 6×384, 65 tokens, batch ${batch}, AdamW`, stepGflops: Math.round(median(speeds.step)), matmulGflops: Math.round(median(speeds.matmul)), ratio: Number(ratio.toFixed(3)), goal: 0.6 }));
