/** What each engine is measured at, and how. */

export interface Measured {
  /** New tokens per second behind a prompt of 32. */
  decode: number;
  /** The same behind one of 960. */
  decodeLate: number;
  /** Tokens of a prompt of 512 per second. */
  prefill: number;
  /** New tokens per second of 8 rows together, behind prompts of 32. */
  batch?: number;
  /** The most that the process held, in MiB. */
  memory: number;
  /** What it writes behind “The capital of France is”. */
  text?: string;
}

export const sizes = { prompt: 32, late: 960, prefill: 512, steps: 48, rows: 8, warm: 4 };

/** Tokens that are as good as any, another row for another seed. */
export const promptOf = (length: number, seed = 0): number[] =>
  Array.from({ length }, (_, i) => ((i + 1) * 7919 + seed * 104_729) % 49_000);

/** The prefix that our decoder's parameters have in the checkpoint. */
export const scope = "language";

export const france = [504, 3575, 282, 4649, 314];

export function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Per second, of so many tokens that take so many milliseconds each time. */
export const perSecond = (tokens: number, times: readonly number[]): number => (1000 * tokens) / median(times);

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export function report(measured: Omit<Measured, "memory">): void {
  console.log(JSON.stringify({ ...measured, memory: process.resourceUsage().maxRSS / 1024 }));
}
