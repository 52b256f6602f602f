import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Batches, usualRules, type Waiting } from "./batches";
import { Busy } from "./calls";

interface Call extends Waiting {
  name: number;
}

/** Batches that last for so many milliseconds a row, and what was computed together. */
function slow(msPerRow: number, rules = usualRules) {
  const computed: number[][] = [];
  const batches = new Batches<Call>(async (calls) => {
    computed.push(calls.map(({ name }) => name));
    const rows = calls.reduce((sum, call) => sum + call.rows, 0);
    await new Promise((done) => setTimeout(done, rows * msPerRow));
  }, rules);
  return { batches, computed };
}

const callsOf = (count: number, rows = 1, key = "k"): Call[] =>
  Array.from({ length: count }, (_, name) => ({ key, rows, name }));

describe("calls that come together", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("are computed together, as many as there is room for, and those of another key by themselves", async () => {
    const { batches, computed } = slow(1);
    for (const call of callsOf(40)) batches.add(call);
    batches.add({ key: "other", rows: 1, name: 99 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(computed.map((names) => names.length)).toEqual([16, 16, 8, 1]);
    expect(computed.flat()).toEqual([...Array.from({ length: 40 }, (_, i) => i), 99]);
  });

  it("are left out when nobody waits for them any more", async () => {
    const { batches, computed } = slow(1);
    const calls = callsOf(3);
    for (const call of calls) batches.add(call);
    (calls[1] as Call).isGone = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(computed).toEqual([[0, 2]]);
  });

  it("are refused where those before them take longer than two seconds, and taken again afterwards", async () => {
    const { batches, computed } = slow(100);
    for (const call of callsOf(16)) batches.add(call);
    await vi.advanceTimersByTimeAsync(4000); // a row takes 100 ms: now that is known
    const taken: Call[] = [];
    const refused: unknown[] = [];
    for (const call of callsOf(200)) {
      try {
        batches.add(call);
        taken.push(call);
      } catch (error) {
        refused.push(error);
      }
    }
    // Two batches are on their way, and 64 rows may wait however long they take, with the one that is counted next.
    expect([taken.length, refused.length]).toEqual([16 + 16 + 65, 200 - 97]);
    expect(refused.every((error) => error instanceof Busy && error.seconds === 7)).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(computed.flat()).toHaveLength(16 + 97);
    expect(() => batches.add({ key: "k", rows: 1, name: 0 })).not.toThrow();
  });
});
