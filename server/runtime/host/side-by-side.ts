import { availableParallelism } from "node:os";
import pLimit from "p-limit";
import { Cancelled } from "../../errors";

/** Does work for many items side by side, reporting progress, and stops when the run is cancelled. */
export interface SideBySide {
  /** What came of every item. Being cancelled is thrown, whatever came before. */
  settle<T, R>(
    items: readonly T[],
    work: (item: T, i: number) => Promise<R>,
    note?: string,
  ): Promise<PromiseSettledResult<R>[]>;
  /** The results, or else the first failure. */
  all<T, R>(items: readonly T[], work: (item: T, i: number) => Promise<R>, note?: string): Promise<R[]>;
}

/**
 * How much is begun at once, in all of a process. Several for each core: while this thread unpacks and hands out, those
 * that decode find more to do, and what waits for one of them holds little.
 */
const several = pLimit(4 * Math.max(2, availableParallelism()));
const tellEveryMs = 200;

export function sideBySide(
  signal: AbortSignal,
  onProgress: (done: number, of: number, note?: string) => void,
): SideBySide {
  const settle: SideBySide["settle"] = async (items, work, note) => {
    let done = 0;
    let told = performance.now();
    const tasks = items.map((item, i) =>
      several(async () => {
        if (signal.aborted) throw new Cancelled();
        const result = await work(item, i);
        done++;
        if (performance.now() - told > tellEveryMs) {
          told = performance.now();
          onProgress(done, items.length, note);
        }
        return result;
      }),
    );
    const results = await Promise.allSettled(tasks);
    const cancelled = failuresOf(results).find(({ reason }) => reason instanceof Cancelled);
    if (cancelled) throw cancelled.reason;
    return results;
  };
  return {
    settle,
    async all(items, work, note) {
      const results = await settle(items, work, note);
      const [failed] = failuresOf(results);
      if (failed) throw failed.reason;
      return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    },
  };
}

/** What failed, with its place among the items. */
export const failuresOf = (results: readonly PromiseSettledResult<unknown>[]): { i: number; reason: unknown }[] =>
  results.flatMap((result, i) => (result.status === "rejected" ? [{ i, reason: result.reason }] : []));
