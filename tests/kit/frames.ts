/** How fast a page draws while something is done on it. */
import type { Page } from "playwright-core";

export interface Frames {
  perSecond: number;
  /** Milliseconds between two frames: the middle one, and what 95 % of them stay below. */
  middle: number;
  p95: number;
}

interface Counted extends Window {
  frameTimes?: number[];
  isCounting?: boolean;
}

export async function framesOf(page: Page, act: () => Promise<void>): Promise<Frames> {
  await page.evaluate("globalThis.__name ??= (named) => named"); // tsx names functions by a helper that no page has
  await page.evaluate(() => {
    const counted: Counted = window;
    const times: number[] = [];
    Object.assign(counted, { frameTimes: times, isCounting: true });
    requestAnimationFrame(function tick(now) {
      times.push(now);
      if (counted.isCounting) requestAnimationFrame(tick);
    });
  });
  await act();
  const times = await page.evaluate(() => {
    const counted: Counted = window;
    counted.isCounting = false;
    return counted.frameTimes ?? [];
  });
  const between = times.slice(1).map((time, i) => time - (times[i] as number));
  const sorted = between.toSorted((a, b) => a - b);
  const share = (part: number) => Number((sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1));
  const whole = between.reduce((sum, time) => sum + time, 0);
  return { perSecond: Number(((1000 * between.length) / whole).toFixed(1)), middle: share(0.5), p95: share(0.95) };
}
