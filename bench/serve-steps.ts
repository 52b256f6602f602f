/**
 * Takes training steps on demand, as bench/torch/step.py does: a line `n` on stdin runs n steps and answers with their
 * milliseconds, `end` answers with the peak memory, the least time of all threads that a step took, and the
 * last loss.
 */
import { createInterface } from "node:readline";

/** Takes one step to be ready, and then as many as are asked for; `base` is the memory before the model was made. */
export async function serveSteps(step: () => Promise<Record<string, number>>, base: number): Promise<never> {
  let { loss } = await step();
  console.log(JSON.stringify({ ready: true, loss }));
  let least = Number.POSITIVE_INFINITY;
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === "end") {
      console.log(JSON.stringify({ peak: process.resourceUsage().maxRSS, base, cpu: least, loss }));
      break;
    }
    const times: number[] = [];
    for (let i = 0; i < Number(line); i++) {
      const taken = await timeOf(async () => {
        ({ loss } = await step());
      });
      times.push(taken.ms);
      least = Math.min(least, taken.cpu);
    }
    console.log(JSON.stringify(times));
  }
  process.exit(0);
}

/** Milliseconds of the clock, and of all threads. */
async function timeOf(step: () => Promise<unknown>): Promise<{ ms: number; cpu: number }> {
  const start = performance.now();
  const before = process.cpuUsage();
  await step();
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - start, cpu: (user + system) / 1000 };
}
