import { expect, it } from "vitest";
import type { TimedEvent } from "#nodes/graph/events";
import { traceFrom } from "./trace";

it("has when nodes were computed, side by side where they overlap, and counters of memory and curves", () => {
  const events: TimedEvent[] = [
    { kind: "status", status: "running", attempt: 1, at: 1000 },
    { kind: "node-start", node: "a", at: 1010 },
    { kind: "node-start", node: "b", at: 1020 },
    { kind: "memory", nodes: ["a", "b"], bytes: 2 ** 30, at: 1025 },
    { kind: "node-done", node: "a", cached: false, ms: 20, previews: {}, at: 1030 },
    { kind: "node-done", node: "kept", cached: true, ms: 0, previews: {}, at: 1030 },
    { kind: "node-start", node: "c", at: 1030 },
    { kind: "metric", node: "c", step: 1, values: { loss: 2 }, at: 1040 },
    { kind: "status", status: "cancelled", at: 1050 },
  ];
  const { traceEvents } = traceFrom(events, (node) => node.toUpperCase(), "graph");
  const spans = traceEvents.filter(({ ph }) => ph === "X").map(({ name, tid, ts, dur }) => [name, tid, ts, dur]);
  expect(spans).toEqual([
    ["A", 1, 1_010_000, 20_000],
    ["B", 2, 1_020_000, 30_000],
    ["C", 1, 1_030_000, 20_000],
  ]);
  const counters = traceEvents.filter(({ ph }) => ph === "C").map(({ name, args }) => [name, args]);
  expect(counters).toEqual([
    ["memory", { MiB: 1024 }],
    ["C curve", { loss: 2 }],
  ]);
});
