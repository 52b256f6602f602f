/**
 * From a graph to the first training step of CLIP ViT-B/32, 150 M parameters with random weights: where the time goes,
 * and PyTorch's beside it. `npm run bench:first-step`
 */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { gradients } from "#models/onnx/differentiate";
import type { Value } from "#models/onnx/graph";
import { optimize } from "#models/onnx/passes/index";
import { toModel } from "#models/onnx/proto";
import { rewrite } from "#models/onnx/rewrite";
import { sizeOf } from "#models/onnx/shape";
import { random } from "#models/random";
import { batchSymbol, compileProgram, type Part } from "#models/train/program";
import { trainable } from "#models/train/step";
import type { Tensor } from "#nodes/core/values";
import { check } from "#nodes/graph/check";
import { initialise } from "#server/runtime/parameters";
import { Stepper } from "#server/runtime/training/stepper";
import { clip, clipB32, clipDocument } from "./models";
import { torchPython } from "./torch/python";

const batch = Number(process.argv[2] ?? 8);
const spec = {
  optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.2 },
  clipNorm: 1,
  batch,
  accumulate: 1,
  chunk: 0,
} as const;
const began = performance.now();
const seconds: Record<string, number> = {};

timed("check", () => check(clipDocument(clipB32)));
const graph = timed("lower", () => clip(clipB32));
const values = drawnParameters();
const program = timed("compile", () => compileProgram(graph, spec));
const stepper = new Stepper({ provider: "cpu", compile: () => program, valueOf: (name) => values.get(name) });
const feeds = drawnBatch();
const start = performance.now();
const { loss } = await stepper.step([feeds], 1e-4, 1);
seconds["open and first step"] = secondsSince(start);
const total = secondsSince(began);
const second = performance.now();
await stepper.step([feeds], 1e-4, 2);
const secondStep = secondsSince(second);
const model = toModel((program.parts as { step: Part }).step.graph, { parameters: "inputs" });

console.log(
  JSON.stringify({
    bench: "first-step",
    model: "CLIP ViT-B/32",
    parametersM: rounded(graph.parameters.reduce((n, p) => n + sizeOf(p.value.shape), 0) / 1e6, 1),
    batch,
    loss: rounded(loss as number, 3),
    seconds: Object.fromEntries(Object.entries(seconds).map(([name, s]) => [name, rounded(s, 2)])),
    total: rounded(total, 2),
    goal: 10,
    secondStep: rounded(secondStep, 2),
    differentiate: rounded(differentiationAlone(), 3),
    differentiateGoal: 0.5,
    torch: torchFirstStep(),
    modelMiB: rounded(model.byteLength / 2 ** 20, 1),
  }),
);
process.exit(0);

/** Adds the time of the work to `seconds`. */
function timed<T>(name: string, work: () => T): T {
  const workBegan = performance.now();
  const result = work();
  seconds[name] = (seconds[name] ?? 0) + secondsSince(workBegan);
  return result;
}

function secondsSince(time: number): number {
  return (performance.now() - time) / 1000;
}

function rounded(x: number, digits: number): number {
  return Number(x.toFixed(digits));
}

function drawnParameters(): Map<string, Float32Array> {
  const drawn = new Map<string, Float32Array>();
  for (const { name, init, value } of graph.parameters) {
    const numbers = timed("draw", () => initialise(init, sizeOf(value.shape), 0, name));
    drawn.set(name, numbers);
  }
  return drawn;
}

function drawnBatch(): Map<string, Tensor> {
  const draw = random("bench");
  const { size } = clipB32.image;
  const pixels = Float32Array.from({ length: batch * 3 * size ** 2 }, () => draw.uniform() - 0.5);
  const ids = BigInt64Array.from({ length: batch * 77 }, () => BigInt(draw.below(49_000)));
  return new Map<string, Tensor>([
    ["pixels.pixels", { dtype: "float32", shape: [batch, 3, size, size], data: pixels }],
    ["ids.ids", { dtype: "int64", shape: [batch, 77], data: ids }],
  ]);
}

/** A part of "compile" by itself, after the clock was stopped. */
function differentiationAlone(): number {
  const forward = optimize(rewrite(graph, { sizes: { [batchSymbol]: batch } }));
  const target = forward.outputs.get("loss") as Value;
  const learning = trainable(forward, [target], {}).map((p) => p.value);
  const before = performance.now();
  gradients(forward, target, learning);
  return secondsSince(before);
}

function torchFirstStep(): unknown {
  const python = torchPython();
  if (!python) return undefined;
  const command = ["bench/torch/first_step.py", String(batch), String(availableParallelism())];
  return JSON.parse(execFileSync(python, command, { encoding: "utf8" }));
}
