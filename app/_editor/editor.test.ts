import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { RunEvent } from "#nodes/graph/events";
import { limits } from "#nodes/graph/document";
import { addNode, paste, removeNodes, setTitle } from "#nodes/graph/edits";
import { graph } from "#tests/kit/graphs";
import { begin, record, redo, settled, undo } from "./history";
import { fold, noRun } from "./run-state";
import { NodeProblems } from "./node/node-problems";
import { remarksOf } from "./remarks";
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
  it("ends that step after a second of rest, or where it is told to", () => {
    const typed = record(record(begin(""), "a", "title", 1000), "ab", "title", 1900);
    expect(undo(record(typed, "abc", "title", 2800)).present).toBe("");
    expect(undo(record(typed, "abc", "title", 2900)).present).toBe("ab");
    expect(undo(record(settled(typed), "abc", "title", 2000)).present).toBe("ab");
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

describe("the remarks of a node", () => {
  const problem = (message: string, severity: "error" | "warning" = "error") =>
    ({ code: "bad-param", severity, node: "a", message }) as const;
  it("are what the check found, then the run's failure, then its warnings, each once", () => {
    const run = { status: "failed" as const, error: { message: "failed", hint: "mend" }, warnings: ["w", "w", "p"] };
    expect(remarksOf([problem("p"), problem("q", "warning")], run)).toEqual([
      { isBad: true, text: "p", hint: undefined },
      { isBad: false, text: "q", hint: undefined },
      { isBad: true, text: "failed", hint: "mend" },
      { isBad: false, text: "w" },
    ]);
  });
  const shown = (warnings: string[]) =>
    renderToStaticMarkup(createElement(NodeProblems, { problems: [], run: { status: "done", warnings } }));
  it("are shown on the node up to three; of the others it is said how many there are", () => {
    expect(shown(["one", "two", "three"])).toMatch(/three/);
    expect(shown(["one", "two", "three"])).not.toMatch(/more/);
    expect(shown(["one", "two", "three", "four", "five"])).toMatch(/three.*and 2 more/);
    expect(shown(["one", "two", "three", "four"])).not.toMatch(/four/);
  });
});

describe("the size of a graph", () => {
  const nodes = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [
        `n${i}`,
        { type: "text.input", version: 1, params: {}, position: { x: 0, y: 0 } },
      ]),
    );
  it("stops an edit that would outgrow the limit, says so, and changes nothing", () => {
    const refused: string[] = [];
    const document = { ...graph({}), nodes: nodes(limits.nodes) };
    const store = createEditor({ graphId: "g", document, onRefused: ({ message }) => refused.push(message) });
    store.getState().edit((now) => addNode(now, "text.input", { x: 0, y: 0 }).document);
    store.getState().edit((now) => paste(now, { nodes: nodes(3), wires: [] }, { x: 0, y: 0 }).document);
    expect(refused).toEqual([
      "The graph has 2001 nodes; 2000 is the limit.",
      "The graph has 2003 nodes; 2000 is the limit.",
    ]);
    expect([store.getState().history.present, store.getState().saved]).toEqual([document, "saved"]);
    store.getState().edit((now) => removeNodes(now, ["n0"]));
    store.getState().edit((now) => addNode(now, "text.input", { x: 0, y: 0 }).document);
    expect(Object.keys(store.getState().history.present.nodes)).toHaveLength(limits.nodes);
    expect(refused).toHaveLength(2);
  });
  it("makes a step of its own of what is typed after another node was chosen", () => {
    const store = createEditor({ document: graph({ a: ["text.input"] }) });
    const type = (text: string) => store.getState().edit((now) => setTitle(now, "a", text), "title a");
    type("x");
    type("xy");
    store.getState().select(["a"]);
    type("xyz");
    store.getState().undo();
    expect(store.getState().history.present.nodes.a?.title).toBe("xy");
    store.getState().undo();
    expect(store.getState().history.present.nodes.a?.title).toBeUndefined();
  });
  it("chooses only nodes that are there", () => {
    const store = createEditor({ document: graph({ a: ["text.input"] }) });
    store.getState().select(["a", "gone"]);
    expect(store.getState().selection).toEqual(["a"]);
  });
});
