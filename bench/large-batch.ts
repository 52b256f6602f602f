/** The peak memory of a contrastive step on a batch of 4,096, encoded in chunks. `npm run bench:large-batch -- [batch] [chunk]` */
import type { Tensor } from "#nodes/core/values";
import { random } from "#models/random";
import { sizeOf } from "#models/onnx/shape";
import { compileProgram } from "#models/train/program";
import { initialise } from "#server/runtime/parameters";
import { Stepper } from "#server/runtime/training/stepper";
import { clip, emojiClip } from "./models";

const batch = Number(process.argv[2] ?? 4096);
const chunk = Number(process.argv[3] ?? 128);
const base = process.resourceUsage().maxRSS;
const draw = random("bench");
const graph = clip(emojiClip);
const parameters = new Map(graph.parameters.map((p) => [p.name, p]));
const {
  image: { size },
  text: { length },
} = emojiClip;
const stepper = new Stepper({
  provider: "cpu",
  compile: () =>
    compileProgram(graph, {
      optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.1 },
      clipNorm: 1,
      batch,
      accumulate: 1,
      chunk,
    }),
  valueOf: (name) => {
    const p = parameters.get(name);
    return p && initialise(p.init, sizeOf(p.value.shape), 0, name);
  },
});
const feeds = new Map<string, Tensor>([
  [
    "pixels.pixels",
    {
      dtype: "float32",
      shape: [batch, 3, size, size],
      data: Float32Array.from({ length: batch * 3 * size * size }, () => draw.normal()),
    },
  ],
  [
    "ids.ids",
    {
      dtype: "int64",
      shape: [batch, length],
      data: BigInt64Array.from({ length: batch * length }, () => BigInt(1 + draw.below(1999))),
    },
  ],
]);
const times: number[] = [];
let loss = 0;
for (let step = 1; step <= 2; step++) {
  const start = performance.now();
  loss = (await stepper.step([feeds], 1e-3, step)).loss as number;
  times.push((performance.now() - start) / 1000);
}
const peak = process.resourceUsage().maxRSS;
console.log(
  JSON.stringify({
    bench: "large-batch",
    batch,
    chunk,
    loss: Number(loss.toFixed(3)),
    secondsPerStep: Number((times[1] as number).toFixed(1)),
    peakMiB: Math.round(peak / 1024),
    abovePlainProcessMiB: Math.round((peak - base) / 1024),
    goalMiB: 4096,
  }),
);
process.exit(0);
