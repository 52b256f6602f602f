import { describe, expect, it } from "vitest";
import type { TimedEvent } from "#nodes/graph/events";
import { foreseenText, paceText, runTimeLeft, shareDone } from "./pace";
import { fold, noRun } from "./run-state";

const told = (events: readonly TimedEvent[]) => events.reduce(fold, noRun);
const training: TimedEvent[] = [
  { kind: "status", status: "running", attempt: 1, at: 0 },
  { kind: "plan", run: ["data", "trainer", "score"], cached: ["text"] },
  { kind: "node-start", node: "data", at: 0 },
  { kind: "node-done", node: "data", cached: false, ms: 900, previews: {}, at: 1000 },
  { kind: "node-start", node: "trainer", at: 1000 },
  { kind: "node-progress", node: "trainer", done: 0, of: 100, at: 5000 },
  { kind: "node-progress", node: "trainer", done: 50, of: 100, at: 25_000 },
];

describe("the pace of a run", () => {
  it("counts from the first progress, not from what was loaded before", () => {
    const { progress } = told(training).nodes.trainer ?? {};
    expect(progress && paceText(progress)).toBe("2.5 a second · 20.0 s left");
  });
  it("is not told before anything was done, and begins anew where a training goes on from a checkpoint", () => {
    const first = told(training.slice(0, 6)).nodes.trainer?.progress;
    expect(first && paceText(first)).toBeUndefined();
    const resumed = told([
      ...training,
      { kind: "node-start", node: "trainer", at: 60_000 },
      { kind: "node-progress", node: "trainer", done: 40, of: 100, at: 61_000 },
      { kind: "node-progress", node: "trainer", done: 50, of: 100, at: 71_000 },
    ]).nodes.trainer?.progress;
    expect(resumed && paceText(resumed)).toBe("1 a second · 50.0 s left");
  });
  it("gives what a run takes still, with what waits as long as it took before", () => {
    const foreseen = { why: {}, cached: [], ms: { score: 3000 }, isLonger: false, unsound: [] };
    expect(runTimeLeft(told(training), foreseen)).toBe(23_000);
    expect(shareDone(told(training))).toBeCloseTo(0.5);
    expect(shareDone(told([...training, { kind: "status", status: "done" }]))).toBeUndefined();
  });
  it("is said of a run before it begins", () => {
    const why = { a: "it never ran", b: "it never ran" };
    const foreseen = { why, cached: ["c"], ms: {}, total: 12_000, isLonger: false, unsound: [] };
    expect(foreseenText(foreseen)).toBe("would run 2, cached 1, about 12.0 s");
    expect(foreseenText({ ...foreseen, isLonger: true })).toBe("would run 2, cached 1, over 12.0 s");
    expect(foreseenText({ ...foreseen, why: {}, total: undefined })).toBe("nothing to run, 1 cached");
  });
});
