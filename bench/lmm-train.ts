/**
 * A training step of the small multimodal model (frozen tower, projector, SmolLM2-135M's sizes with LoRA, 12 rows of a
 * picture and a short question) beside PyTorch with transformers and PEFT, eager, on the same threads: processes that
 * take steps in turns. Weights are drawn, as time and memory follow from sizes alone. Python must have torch,
 * transformers and peft (`PATCHBAY_BENCH_PYTHON`).
 * `npm run bench:lmm-train -- [rounds] [steps a round]`
 */
import { availableParallelism, loadavg } from "node:os";
import { smollm2 } from "./finetune-llm/sizes";
import { sizes } from "./lmm-train/sizes";
import { Runner } from "./runner";
import { torchPython } from "./torch/python";
import { median } from "./vit";

const threads = availableParallelism();
const rounds = Number(process.argv[2] ?? 5);
const each = Number(process.argv[3] ?? 4);
const loads: number[] = [];

const runners = startRunners();
for (const runner of runners.values()) await runner.answer();
for (let round = 0; round < rounds; round++) {
  for (const runner of runners.values()) {
    loads.push(loadavg()[0] as number);
    runner.times.push(...(await runner.ask<number[]>(String(each))));
  }
}
const figures = new Map<string, { ms: number; peakMiB: number }>();
for (const [name, runner] of runners) {
  const { peak } = await runner.ask<{ peak: number }>("end");
  figures.set(name, { ms: Math.round(median(runner.times)), peakMiB: Math.round(peak / 1024) });
}
const [ours, torch] = [figures.get("patchbay"), figures.get("torch")];
const ratio = (a?: number, b?: number) => (a && b ? Number((a / b).toFixed(2)) : undefined);
console.log(
  JSON.stringify({
    bench: "lmm-train",
    model: `SmolLM2-135M with LoRA of rank ${sizes.rank} behind a frozen tower, ${sizes.rows} × ${sizes.length} tokens`,
    threads,
    load: `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`,
    ...Object.fromEntries(figures),
    speed: ratio(torch?.ms, ours?.ms),
    memory: ratio(ours?.peakMiB, torch?.peakMiB),
  }),
);
process.exit(0);

function startRunners(): Map<string, Runner> {
  const command = ["--import", "tsx", "bench/lmm-train/ours.ts"];
  const started = new Map([["patchbay", new Runner(process.execPath, command, threads)]]);
  const python = torchPython();
  if (!python) return started;
  const settings = [JSON.stringify(smollm2), JSON.stringify(sizes), String(threads)];
  return started.set("torch", new Runner(python, ["bench/torch/lmm_train.py", ...settings], threads));
}
