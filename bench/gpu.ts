/**
 * The product on each provider that opens here: training steps of a ViT and of CLIP beside PyTorch on CUDA, and a
 * language model of SmolLM2-135M's shape (drawn weights) that writes, beside transformers on CUDA. In turns, each side
 * a process of its own; the losses and the tokens of each are told, to compare.
 * `npm run bench:gpu -- [rounds] [steps a round]`
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseProvider, type Provider } from "#server/runtime/providers";
import { askEngine } from "./decode/ask";
import { smollm2 } from "./finetune-llm/sizes";
import { prepareDrawn } from "./gpu/weights";
import { Runner } from "./runner";
import { torchPython } from "./torch/python";
import { median } from "./vit";

const [rounds = 3, each = 10] = process.argv.slice(2).map(Number);
const python = torchPython();
const providers = await openProviders();
for (const [model, batch] of [
  ["vit", 32],
  ["vit", 256],
  ["clip", 512],
] as const)
  await trainingSteps(model, batch);
await writing();
process.exit(0);

async function openProviders(): Promise<Provider[]> {
  const all: Provider[] = ["cuda", "webgpu", "cpu"];
  const tried = await Promise.allSettled(all.map(chooseProvider));
  return all.filter((_, i) => tried[i]?.status === "fulfilled");
}

/** Milliseconds of a step on each side, and the loss behind the same number of steps. */
async function trainingSteps(model: string, batch: number): Promise<void> {
  const runners = new Map<string, Runner>();
  for (const provider of providers)
    runners.set(
      provider,
      new Runner(process.execPath, ["--import", "tsx", "bench/ours.ts", model, `${batch}`, provider], 1),
    );
  if (python)
    runners.set(
      "pytorch eager",
      new Runner(python, ["bench/torch/step.py", model, "eager", `${batch}`, "8", "cuda"], 8),
    );
  for (const runner of runners.values()) await runner.answer();
  for (let round = 0; round < rounds; round++) {
    for (const [name, runner] of runners) {
      const steps = name === "cpu" ? Math.ceil(each / 5) : each;
      runner.times.push(...(await runner.ask<number[]>(`${steps}`)));
    }
  }
  // The CPU takes fewer steps in a round, so that it goes on alone to the number of the others.
  const cpu = runners.get("cpu");
  if (cpu) await cpu.ask(`${rounds * (each - Math.ceil(each / 5))}`);
  const losses: Record<string, number> = {};
  const stepMs: Record<string, number> = {};
  for (const [name, runner] of runners) {
    const { loss } = await runner.ask<{ loss?: number }>("end");
    if (loss !== undefined) losses[name] = loss;
    stepMs[name] = Number(median(runner.times).toPrecision(3));
  }
  console.log(JSON.stringify({ bench: "gpu step", model, batch, stepMs, losses }));
}

/** What is written, and how fast. */
async function writing(): Promise<void> {
  const folder = await prepareDrawn(join(tmpdir(), "bench-gpu"));
  for (const precision of ["float32", "int4"]) {
    for (const provider of providers)
      print(`patchbay ${provider} ${precision}`, process.execPath, [
        "--import",
        "tsx",
        "bench/decode/ours.ts",
        folder,
        precision,
        provider,
      ]);
  }
  if (!python) return;
  for (const precision of ["float32", "float16"]) {
    const args = ["bench/torch/decode.py", JSON.stringify(smollm2), precision, "cuda"];
    print(`transformers cuda ${precision}`, python, args);
  }
}

function print(engine: string, command: string, args: readonly string[]): void {
  const measured = askEngine(engine, command, args);
  if (!measured) return;
  const { text, ...figures } = measured;
  const rounded = Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, Math.round(value)]));
  console.log(JSON.stringify({ bench: "gpu decode", engine, ...rounded, text }));
}
