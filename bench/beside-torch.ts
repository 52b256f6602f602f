/** Training steps of ours and of PyTorch's, in turns, by processes that take them on demand. */
import { availableParallelism, loadavg } from "node:os";
import { Runner } from "./runner";
import { torchPython } from "./torch/python";
import { median } from "./vit";

export interface Sides {
  bench: string;
  /** What is trained, in words. */
  model: string;
  /** The module that takes our steps, and the script that takes PyTorch's with `settings` as its arguments. */
  ours: string;
  torch: string;
  settings: readonly unknown[];
  /** What both are asked for, where they know several: their first argument. */
  name?: string;
  rounds: number;
  /** Steps a round. */
  steps: number;
}

interface Figures {
  /** The median of wall time, a step. */
  ms: number;
  /** The least time of all threads that a step took: what other work on the machine changes least. */
  cpuMs: number;
  peakMiB: number;
}

/**
 * Prints milliseconds a step and peak memory of both sides, and the ratios; ours alone where no Python has torch
 * (`PATCHBAY_BENCH_PYTHON`).
 */
export async function besideTorch(sides: Sides): Promise<void> {
  const threads = availableParallelism();
  const runners = startRunners(sides, threads);
  const loads: number[] = [];
  for (const runner of runners.values()) await runner.answer();
  for (let round = 0; round < sides.rounds; round++) {
    for (const runner of runners.values()) {
      loads.push(loadavg()[0] as number);
      runner.times.push(...(await runner.ask<number[]>(String(sides.steps))));
    }
  }
  const figures = new Map<string, Figures>();
  for (const [name, runner] of runners) {
    const { peak, cpu } = await runner.ask<{ peak: number; cpu: number }>("end");
    const ms = Number(median(runner.times).toPrecision(3));
    figures.set(name, { ms, cpuMs: Number(cpu.toPrecision(3)), peakMiB: Math.round(peak / 1024) });
  }
  const [ours, torch] = [figures.get("patchbay"), figures.get("torch")];
  console.log(
    JSON.stringify({
      bench: sides.bench,
      model: sides.model,
      threads,
      load: `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`,
      ...Object.fromEntries(figures),
      speed: ratio(torch?.ms, ours?.ms),
      cpu: ratio(torch?.cpuMs, ours?.cpuMs),
      memory: ratio(ours?.peakMiB, torch?.peakMiB),
    }),
  );
}

function startRunners({ ours, torch, settings, name }: Sides, threads: number): Map<string, Runner> {
  const named = name === undefined ? [] : [name];
  const started = new Map([["patchbay", new Runner(process.execPath, ["--import", "tsx", ours, ...named], threads)]]);
  const python = torchPython();
  if (!python) return started;
  const written = settings.map((setting) => JSON.stringify(setting));
  return started.set("torch", new Runner(python, [torch, ...named, ...written, String(threads)], threads));
}

const ratio = (a?: number, b?: number): number | undefined => (a && b ? Number((a / b).toFixed(2)) : undefined);
