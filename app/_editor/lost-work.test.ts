import { describe, expect, it } from "vitest";
import { lostWork } from "./lost-work";
import { fold, noRun, type TimedEvent } from "./run-state";

const minute = 60_000;
const lostAfter = (events: TimedEvent[], at: number, every?: number): number =>
  lostWork(events.reduce(fold, noRun), () => every, at);
const start: TimedEvent = { kind: "node-start", node: "trainer", at: minute };
const point = (step: number, at: number): TimedEvent => ({
  kind: "metric",
  node: "trainer",
  step,
  values: { loss: 1 },
  at,
});

describe("the work that a stop would lose", () => {
  it("is that of the nodes that compute, since they began", () => {
    expect(lostAfter([start], 4 * minute)).toBe(3 * minute);
  });

  it("is none where nothing computes: what finished nodes gave is kept", () => {
    const done: TimedEvent = { kind: "node-done", node: "trainer", cached: false, ms: 1, previews: {}, at: 3 * minute };
    expect(lostAfter([], 9 * minute)).toBe(0);
    expect(lostAfter([start, done], 9 * minute)).toBe(0);
  });

  it("counts from a training's last checkpoint", () => {
    const events = [start, point(1, 2 * minute), point(2, 3 * minute), point(3, 4 * minute)];
    expect(lostAfter(events, 5 * minute, 2)).toBe(2 * minute);
    expect(lostAfter(events, 5 * minute, 100)).toBe(4 * minute);
  });

  it("forgets the points after the checkpoint that a training went on from", () => {
    const events: TimedEvent[] = [
      start,
      point(2, 2 * minute),
      point(4, 3 * minute),
      { kind: "resumed", node: "trainer", step: 2, at: 8 * minute },
    ];
    expect(lostAfter(events, 9 * minute, 2)).toBe(7 * minute);
  });
});
