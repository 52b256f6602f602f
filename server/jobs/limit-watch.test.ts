import { describe, expect, it, vi } from "vitest";
import type { RunEvent } from "#nodes/graph/events";
import type { FormLimits } from "#nodes/graph/published-form";
import { graph } from "#tests/kit/graphs";
import { LimitWatch } from "./limit-watch";

const document = graph({ load: ["image.load", {}], grid: ["output.image-grid", {}] }, ["load.image -> grid.image"]);

function watched(limits: FormLimits | undefined, ...events: RunEvent[]) {
  const stop = vi.fn();
  const watch = new LimitWatch({ document, limits }, stop);
  for (const event of events) watch.note(event);
  watch.end();
  return { stops: stop.mock.calls.length, ended: watch.explained({ status: "cancelled" }) as { error?: object } };
}

const step = (count: number): RunEvent => ({ kind: "metric", node: "trainer", step: count, values: {} });
const read = (node: string, count: number): RunEvent => ({
  kind: "node-done",
  node,
  cached: false,
  ms: 1,
  previews: { image: { type: "image", count, items: [] } },
});

describe("a run with limits", () => {
  it("is asked to stop once, at the first step beyond, and says why", () => {
    const { stops, ended } = watched({ steps: 2 }, step(1), step(2), step(3), step(4));
    expect(stops).toBe(1);
    expect(ended.error).toMatchObject({ node: "trainer", message: expect.stringContaining("the 2 steps") });
  });

  it("counts the rows of nodes that read, and of no others", () => {
    expect(watched({ rows: 5 }, read("load", 5), read("grid", 6)).stops).toBe(0);
    expect(watched({ rows: 5 }, read("load", 6)).ended.error).toMatchObject({
      message: "6 rows were read, and at most 5 are allowed here.",
    });
  });

  it("has its minutes", () => {
    vi.useFakeTimers();
    const stop = vi.fn();
    const watch = new LimitWatch({ document, limits: { minutes: 2 } }, stop);
    vi.advanceTimersByTime(119_999);
    expect(stop).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(stop).toHaveBeenCalledOnce();
    expect(watch.explained({ status: "done" })).toEqual({ status: "done" });
    vi.useRealTimers();
  });

  it("is left alone without limits", () => {
    expect(watched(undefined, step(1e6), read("load", 1e6))).toEqual({ stops: 0, ended: { status: "cancelled" } });
  });
});
