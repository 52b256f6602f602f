/**
 * Takes training steps on demand, as bench/torch/step.py does: a line `n` on stdin runs n steps and answers with their
 * milliseconds, `end` answers with the peak memory and the time of all threads a step.
 */
import { createInterface } from "node:readline";

/** Takes one step to be ready, and then as many as are asked for; `base` is the memory before the model was made. */
export async function serveSteps(step: () => Promise<Record<string, number>>, base: number): Promise<never> {
  const { loss } = await step();
  console.log(JSON.stringify({ ready: true, loss }));
  const before = process.cpuUsage();
  let steps = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === "end") {
      const { user, system } = process.cpuUsage(before);
      const cpu = (user + system) / 1000 / steps;
      console.log(JSON.stringify({ peak: process.resourceUsage().maxRSS, base, cpu }));
      break;
    }
    console.log(JSON.stringify(await stepTimes(step, Number(line))));
    steps += Number(line);
  }
  process.exit(0);
}

async function stepTimes(step: () => Promise<unknown>, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
  }
  return times;
}
