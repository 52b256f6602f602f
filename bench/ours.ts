/** Takes training steps on demand, as bench/torch/step.py does: a line `n` on stdin runs n steps, `end` answers with the peak memory. */
import { createInterface } from "node:readline";
import { random } from "#models/random";
import { compileProgram } from "#models/train/program";
import type { Tensor } from "#nodes/core/values";
import { initialise } from "#server/runtime/parameters";
import { Stepper } from "#server/runtime/training/stepper";
import { clip, emojiClip, vit } from "./models";

const [name = "vit", size = "32"] = process.argv.slice(2);
const batch = Number(size);
const base = process.resourceUsage().maxRSS;
const draw = random("bench");
const normals = (shape: number[]): Tensor => ({
  dtype: "float32",
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draw.normal()),
});
const ids = (shape: number[]): Tensor => ({
  dtype: "int64",
  shape,
  data: BigInt64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => BigInt(1 + draw.below(1999))),
});

const graph = name === "vit" ? vit() : clip(emojiClip);
const feeds: ReadonlyMap<string, Tensor> = new Map(
  name === "vit"
    ? [["x", normals([batch, 65, 384])]]
    : [
        ["pixels.pixels", normals([batch, 3, 32, 32])],
        ["ids.ids", ids([batch, 16])],
      ],
);
const parameters = new Map(graph.parameters.map((p) => [p.name, p]));
const stepper = new Stepper({
  provider: "cpu",
  compile: () =>
    compileProgram(graph, {
      optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.1 },
      clipNorm: 1,
      batch,
      accumulate: 1,
      chunk: 0,
    }),
  valueOf: (name) => {
    const p = parameters.get(name);
    return (
      p &&
      initialise(
        p.init,
        (p.value.shape as number[]).reduce((a, b) => a * b, 1),
        0,
        name,
      )
    );
  },
});
let step = 0;
await stepper.step([feeds], 1e-4, ++step);
console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === "end") {
    console.log(JSON.stringify({ peak: process.resourceUsage().maxRSS, base }));
    break;
  }
  const times: number[] = [];
  for (let i = 0; i < Number(line); i++) {
    const start = performance.now();
    await stepper.step([feeds], 1e-4, ++step);
    times.push(performance.now() - start);
  }
  console.log(JSON.stringify(times));
}
process.exit(0);
