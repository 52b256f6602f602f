/** From a graph to the first training step of CLIP ViT-B/32, 150 M parameters with random weights: where the time goes, and PyTorch's beside it. `npm run bench:first-step` */
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
const began = performance.now();
const seconds: Record<string, number> = {};
const timed = <T>(name: string, work: () => T): T => {
  const start = performance.now();
  const result = work();
  seconds[name] = (seconds[name] ?? 0) + (performance.now() - start) / 1000;
  return result;
};
timed("check", () => check(clipDocument(clipB32)));
const graph = timed("lower", () => clip(clipB32));
const spec = {
  optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.2 },
  clipNorm: 1,
  batch,
  accumulate: 1,
  chunk: 0,
} as const;
const parameters = new Map(graph.parameters.map((p) => [p.name, p]));
const values = new Map<string, Float32Array>();
for (const { name, init, value } of graph.parameters)
  values.set(
    name,
    timed("draw", () => initialise(init, sizeOf(value.shape), 0, name)),
  );
const program = timed("compile", () => compileProgram(graph, spec));
const stepper = new Stepper({ provider: "cpu", compile: () => program, valueOf: (name) => values.get(name) });
const draw = random("bench");
const size = 3 * clipB32.image.size ** 2;
const feeds = new Map<string, Tensor>([
  [
    "pixels.pixels",
    {
      dtype: "float32",
      shape: [batch, 3, clipB32.image.size, clipB32.image.size],
      data: Float32Array.from({ length: batch * size }, () => draw.uniform() - 0.5),
    },
  ],
  [
    "ids.ids",
    {
      dtype: "int64",
      shape: [batch, 77],
      data: BigInt64Array.from({ length: batch * 77 }, () => BigInt(draw.below(49_000))),
    },
  ],
]);
const start = performance.now();
const { loss } = await stepper.step([feeds], 1e-4, 1);
seconds["open and first step"] = (performance.now() - start) / 1000;
const total = (performance.now() - began) / 1000;
const second = performance.now();
await stepper.step([feeds], 1e-4, 2);
const secondStep = (performance.now() - second) / 1000;

// The parts of "compile" by themselves, after the clock was stopped.
const forward = optimize(rewrite(graph, { sizes: { [batchSymbol]: batch } }));
const target = forward.outputs.get("loss") as Value;
const learning = trainable(forward, [target], {});
const before = performance.now();
gradients(
  forward,
  target,
  learning.map((p) => p.value),
);
const differentiate = (performance.now() - before) / 1000;
const model = toModel((program.parts as { step: Part }).step.graph, { parameters: "inputs" });
const python = torchPython();
const torch =
  python &&
  JSON.parse(
    execFileSync(python, ["bench/torch/first_step.py", String(batch), String(availableParallelism())], {
      encoding: "utf8",
    }),
  );
console.log(
  JSON.stringify({
    bench: "first-step",
    model: "CLIP ViT-B/32",
    parametersM: Number(([...parameters.values()].reduce((n, p) => n + sizeOf(p.value.shape), 0) / 1e6).toFixed(1)),
    batch,
    loss: Number((loss as number).toFixed(3)),
    seconds: Object.fromEntries(Object.entries(seconds).map(([name, s]) => [name, Number(s.toFixed(2))])),
    total: Number(total.toFixed(2)),
    goal: 10,
    secondStep: Number(secondStep.toFixed(2)),
    differentiate: Number(differentiate.toFixed(3)),
    differentiateGoal: 0.5,
    torch,
    modelMiB: Number((model.byteLength / 2 ** 20).toFixed(1)),
  }),
);
process.exit(0);
