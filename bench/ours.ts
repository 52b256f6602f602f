/**
 * Takes training steps on demand, as bench/torch/step.py does: a line `n` on stdin runs n steps, `end` answers with the
 * peak memory. Started by bench/train.ts.
 */
import { random } from "#models/random";
import type { Tensor } from "#nodes/core/values";
import type { Provider } from "#server/runtime/providers";
import { clip, emojiClip, vit } from "./models";
import { serveSteps } from "./serve-steps";
import { normals, stepperFor, tokenIds } from "./trainings";

const [name = "vit", size = "32", provider = "cpu"] = process.argv.slice(2);
const batch = Number(size);
const base = process.resourceUsage().maxRSS;
const draw = random("bench");
const graph = name === "vit" ? vit() : clip(emojiClip);
const feeds = name === "vit" ? vitBatch() : clipBatch();
const stepper = stepperFor(graph, batch, 0, provider as Provider);
let step = 0;
await serveSteps(() => stepper.step([feeds], 1e-4, ++step), base);

function vitBatch(): ReadonlyMap<string, Tensor> {
  return new Map([["x", normals(draw, [batch, 65, 384])]]);
}

function clipBatch(): ReadonlyMap<string, Tensor> {
  return new Map([
    ["pixels.pixels", normals(draw, [batch, 3, 32, 32])],
    ["ids.ids", tokenIds(draw, [batch, 16])],
  ]);
}
