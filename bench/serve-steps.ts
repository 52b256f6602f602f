/**
 * Takes training steps on demand, as bench/torch/step.py does: a line `n` on stdin runs n steps and answers with their
 * milliseconds, `end` answers with the peak memory.
 */
import { createInterface } from "node:readline";

/** Takes one step to be ready, and then as many as are asked for; `base` is the memory before the model was made. */
export async function serveSteps(step: () => Promise<Record<string, number>>, base: number): Promise<never> {
  const { loss } = await step();
  console.log(JSON.stringify({ ready: true, loss }));
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === "end") {
      console.log(JSON.stringify({ peak: process.resourceUsage().maxRSS, base }));
      break;
    }
    console.log(JSON.stringify(await stepTimes(step, Number(line))));
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
