import { describe, expect, it } from "vitest";
import type { RunEvent } from "#nodes/graph/events";
import { graph } from "#tests/kit/graphs";
import { begin, record, redo, undo } from "./history";
import { fold, noRun } from "./run-state";
import { createEditor } from "./store";

describe("history", () => {
  it("undoes and redoes, and a new edit forgets what was undone", () => {
    let h = record(record(begin(1), 2), 3);
    h = undo(h);
    expect([h.present, redo(h).present]).toEqual([2, 3]);
    expect(redo(record(h, 9)).present).toBe(9);
    expect(undo(begin(1)).present).toBe(1);
  });
  it("makes one step of changes with the same key", () => {
    const h = ["a", "ab", "abc"].reduce((now, text) => record(now, text, "title"), begin(""));
    expect(undo(h).present).toBe("");
    expect(undo(record(h, "x", "other")).present).toBe("abc");
  });
});

describe("the canvas of a run", () => {
  it("is the fold of its events: a resumed training forgets the points after its checkpoint", () => {
    const metric = (step: number, loss: number): RunEvent => ({ kind: "metric", node: "t", step, values: { loss } });
    const events: RunEvent[] = [
      { kind: "plan", run: ["t"], cached: [] },
      { kind: "node-start", node: "t" },
      metric(1, 5),
      metric(2, 4),
      metric(3, 3),
      { kind: "resumed", node: "t", step: 1 },
      metric(2, 4.5),
    ];
    const state = events.reduce(fold, noRun);
    expect(state.nodes.t?.metrics).toEqual({ steps: [1, 2], values: { loss: [5, 4.5] } });
    expect(fold(state, { kind: "status", status: "cancelled" }).nodes.t?.status).toBe("skipped");
  });
});

describe("the editor's store", () => {
  it("marks edits as unsaved, and lets nothing change in a snapshot", () => {
    const document = graph({ a: ["text.input"] });
    const store = createEditor({ graphId: "g", document });
    store.getState().edit((d) => ({ ...d, name: "new" }));
    expect([store.getState().saved, store.getState().history.present.name]).toEqual(["unsaved", "new"]);
    const frozen = createEditor({ document, frozen: true });
    frozen.getState().edit((d) => ({ ...d, name: "new" }));
    expect(frozen.getState().history.present).toBe(document);
  });
});
