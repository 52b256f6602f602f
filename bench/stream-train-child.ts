/**
 * One training on a folder of pictures, as bench/stream-train.ts starts it: tells each step, and in the end the share
 * of the time that steps waited for data.
 */
import { mkdir } from "node:fs/promises";
import { execute } from "#server/runtime/execute";
import { graph, keptIn } from "#tests/kit/graphs";
import type { TrainingRun } from "./stream-train";

const run = JSON.parse(process.argv[2] ?? "{}") as TrainingRun;
const { pictures, dir, model, steps, dataThreads } = run;
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
await mkdir(dir, { recursive: true });
const start = performance.now();
const result = await execute({
  document: graph(
    {
      data: ["data.folder", { folder: pictures, captions: "csv" }],
      resize: ["image.resize", { width: 224, height: 224 }],
      normalize: ["image.normalize", { preset: "imagenet" }],
      vision: ["model.vision-transformer", model],
      head: ["model.projector", { width: 10 }],
      labels: ["text.label-ids"],
      loss: ["loss.cross-entropy"],
      trainer: ["train.trainer", { steps, batch: 32, warmup: 0, lr: 1e-4, checkpoint: 5 }],
    },
    [
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "vision.features -> head.features",
      "head.embedding -> loss.logits",
      "data.text -> labels.text",
      "labels.ids -> loss.labels",
      "loss.loss -> trainer.loss",
    ],
  ),
  targets: ["trainer"],
  ...keptIn(dir),
  folders: [pictures],
  dataThreads,
  onEvent: (event) => {
    if (event.kind === "metric")
      tell({ step: event.step, seconds: (performance.now() - start) / 1000, loss: event.values.loss });
  },
});
if (result.error) throw new Error(result.error.message);
tell({
  losses: lossesOf(result.outputs.trainer?.curve?.value),
  waited: result.outputs.trainer?.waited?.value,
  peakMiB: process.resourceUsage().maxRSS / 1024,
});
process.exit(0);

/** All losses, those before a kill among them. */
function lossesOf(curve: unknown): number[] {
  const { lines } = curve as { lines: { name: string; values: number[] }[] };
  return lines.find(({ name }) => name === "loss")?.values ?? [];
}
