import { expect, it } from "vitest";
import type { RunEvent } from "#nodes/graph/events";
import { MemoryWatch } from "./memory-watch";

const mebi = 2 ** 20;

it("tells the most memory that was held while each node was computed, and nothing in between", async () => {
  const told: RunEvent[] = [];
  let held = 10 * mebi;
  const watch = new MemoryWatch(
    1,
    (event) => told.push(event),
    async () => held,
  );
  await watch.sample();
  watch.note({ kind: "node-start", node: "a" });
  for (const now of [20, 90, 30]) {
    held = now * mebi;
    await watch.sample();
  }
  watch.note({ kind: "node-done", node: "a", cached: false, ms: 1, previews: {} });
  held = 500 * mebi;
  await watch.sample();
  watch.note({ kind: "node-start", node: "b" });
  held = 40 * mebi;
  await watch.sample();
  watch.end();
  const most = (node: string) =>
    Math.max(...told.flatMap((event) => (event.kind === "memory" && event.nodes.includes(node) ? event.bytes : [])));
  expect([most("a"), most("b")]).toEqual([90 * mebi, 40 * mebi]);
});

it("reads what a process holds", async () => {
  const told: RunEvent[] = [];
  const watch = new MemoryWatch(process.pid, (event) => told.push(event));
  watch.note({ kind: "node-start", node: "here" });
  await watch.sample();
  watch.end();
  const isKnown = process.platform !== "win32";
  expect(told.some((event) => event.kind === "memory" && event.bytes > mebi)).toBe(isKnown);
});
