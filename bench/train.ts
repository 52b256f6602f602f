/**
 * A training step of Patchbay beside PyTorch's, eager and compiled, on the same threads: both are processes that take
 * steps in turns, so that a machine whose speed drifts slows both. Reports medians, ratios, and the peak memory of each
 * process. `npm run bench:train`
 */
import { availableParallelism } from "node:os";
import { Runner } from "./runner";
import { torchPython } from "./torch/python";
import { median } from "./vit";

const threads = availableParallelism();
const rounds = Number(process.argv[2] ?? 5);
const each = Number(process.argv[3] ?? 6);

const python = torchPython();
await compare("vit", 32);
await compare("clip", 128);
process.exit(0);

async function compare(model: string, batch: number): Promise<void> {
  const runners = startRunners(model, batch);
  for (const runner of runners.values()) await runner.answer();
  for (let round = 0; round < rounds; round++) {
    for (const runner of runners.values()) runner.times.push(...(await runner.ask<number[]>(String(each))));
  }
  const memory = new Map<string, { peak: number; base: number }>();
  for (const [name, runner] of runners) memory.set(name, await runner.ask("end"));
  const mebibytes = (kibibytesOf: (m: { peak: number; base: number }) => number) =>
    Object.fromEntries([...memory].map(([name, m]) => [name, Math.round(kibibytesOf(m) / 1024)]));
  const ms = Object.fromEntries([...runners].map(([name, r]) => [name, Number(median(r.times).toFixed(1))]));
  const ours = ms.patchbay as number;
  const ratio = (name: string) => (ms[name] === undefined ? undefined : Number((ms[name] / ours).toFixed(2)));
  const report = {
    bench: "train",
    model,
    batch,
    threads,
    stepMs: ms,
    speedOverEager: ratio("eager"),
    speedOverCompile: ratio("compile"),
    peakMiB: mebibytes(({ peak }) => peak),
    abovePlainProcessMiB: mebibytes(({ peak, base }) => peak - base),
  };
  console.log(JSON.stringify(report));
}

function startRunners(model: string, batch: number): Map<string, Runner> {
  const ours = new Runner(process.execPath, ["--import", "tsx", "bench/ours.ts", model, String(batch)], threads);
  const runners = new Map([["patchbay", ours]]);
  if (!python) return runners;
  for (const mode of ["eager", "compile"])
    runners.set(
      mode,
      new Runner(python, ["bench/torch/step.py", model, mode, String(batch), String(threads)], threads),
    );
  return runners;
}
