import { describe, expect, it } from "vitest";
import type { RunEvent } from "#nodes/graph/events";
import { publish } from "#nodes/graph/composite-edits";
import type { GraphDocument } from "#nodes/graph/document";
import { removeNodes, setParam } from "#nodes/graph/edits";
import { make } from "#nodes/graph/make-composite";
import { graph } from "#tests/kit/graphs";
import { openInside, leave, reveal } from "./composites/opening";
import { definitionAt } from "./context";
import { createEditor } from "./store";

const plain = graph(
  {
    data: ["data.emoji", { limit: 6 }],
    resize: ["image.resize", { width: 16, height: 16 }],
    normalize: ["image.normalize"],
    vision: ["model.vision-transformer", { patch: 8, width: 32, layers: 1, heads: 2 }],
    norm: ["model.l2-normalize"],
  },
  [
    "data.image -> resize.image",
    "resize.image -> normalize.image",
    "normalize.pixels -> vision.pixels",
    "vision.features -> norm.embedding",
  ],
);

function withTower(): GraphDocument {
  const made = make(plain, ["normalize", "vision"], { title: "Tower" });
  return publish(made?.document as GraphDocument, "tower", "vision", "width");
}

describe("the editor inside of a composite", () => {
  it("edits the inside, in one step of the history, and finds its way when that is undone", () => {
    const store = createEditor({ document: withTower() });
    expect(openInside(store, "data")).toBe(false);
    expect(openInside(store, "tower")).toBe(true);
    expect(Object.keys(store.getState().shown.nodes)).toEqual(["normalize", "vision"]);
    store.getState().select(["vision"]);
    store.getState().edit((document) => setParam(document, "vision", "layers", 2));
    expect(store.getState().history.present.composites?.tower?.nodes.vision?.params.layers).toBe(2);
    expect(store.getState().selection).toEqual(["vision"]);
    store.getState().undo();
    expect(store.getState().shown.nodes.vision?.params.layers).toBe(1);
    leave(store);
    expect(store.getState()).toMatchObject({ path: [], selection: ["tower"], composite: undefined });
  });

  it("comes out where the composite is gone", () => {
    const store = createEditor({ document: plain });
    store.getState().edit((document) => make(document, ["vision"])?.document ?? document);
    openInside(store, "composite");
    store.getState().undo();
    expect(store.getState()).toMatchObject({ path: [], shown: { nodes: plain.nodes } });
  });

  it("refuses an instance of a composite in itself, and says so", () => {
    const told: string[] = [];
    const store = createEditor({ document: withTower(), onRefused: ({ message }) => told.push(message) });
    openInside(store, "tower");
    const before = store.getState().history.present;
    store.getState().edit((document) => ({
      ...document,
      nodes: {
        ...document.nodes,
        again: { type: "composite:tower", version: 1, params: {}, position: { x: 0, y: 0 } },
      },
    }));
    expect(store.getState().history.present).toBe(before);
    expect(told).toEqual(["A composite cannot contain itself: “Tower” → “Tower”."]);
  });

  it("shows a problem inside on the instance, at the port or parameter that leads there", () => {
    const store = createEditor({ document: withTower() });
    store.getState().edit((document) => setParam(document, "tower", "width", 3));
    const problems = (way: string) =>
      store
        .getState()
        .checked.nodes.get(way)
        ?.problems.map(({ param }) => param);
    expect(problems("tower")).toContain("width");
    expect(problems("tower/vision")).toContain("width");
    reveal(store, "tower/vision");
    expect(store.getState()).toMatchObject({ path: ["tower"], selection: ["vision"] });
  });

  it("knows the boundary from both sides, with the shapes inside", () => {
    const store = createEditor({ document: withTower() });
    expect(Object.keys(definitionAt(store.getState(), "tower")?.inputs ?? {})).toEqual(["image"]);
    const { wires } = store.getState().checked.nodes.get("tower") ?? {};
    expect(wires?.out.features?.shape?.at(-1)).toBe(32);
    openInside(store, "tower");
    expect(Object.keys(definitionAt(store.getState(), "@inputs")?.outputs ?? {})).toEqual(["image"]);
    store.getState().edit((document) => removeNodes(document, ["normalize"]));
    expect(Object.keys(definitionAt(store.getState(), "@inputs")?.outputs ?? {})).toEqual([]);
  });

  it("keeps what was checked of an instance while nothing of it changed", () => {
    const store = createEditor({ document: withTower() });
    const before = store.getState().checked.nodes.get("tower");
    store.getState().edit((document) => setParam(document, "data", "limit", 5));
    expect(store.getState().checked.nodes.get("tower")).toBe(before);
  });
});

describe("an instance in a run", () => {
  it("is as its nodes are: at work, failed, or done after the time of its steps", () => {
    const store = createEditor({ document: withTower() });
    const tower = () => store.getState().run.nodes.tower;
    const tell = (...events: RunEvent[]) => store.getState().tell(events.map((event) => ({ ...event, at: 1 })));
    const inside = ["tower/normalize", "tower/vision"];
    store.getState().startRun("r");
    tell({ kind: "plan", run: ["data", ...inside], cached: [] });
    expect(tower()?.status).toBe("waiting");
    for (const node of inside) tell({ kind: "node-start", node });
    tell({ kind: "node-progress", node: "tower/vision", done: 3, of: 6 });
    expect(tower()).toMatchObject({ status: "running", progress: { done: 3, of: 6 } });
    const preview = { type: "text", texts: ["x"], count: 1 } as never;
    for (const node of inside) {
      tell({
        kind: "node-done",
        node,
        cached: false,
        ms: 40,
        previews: node === "tower/vision" ? { features: preview } : {},
      });
    }
    expect(tower()).toMatchObject({ status: "done", ms: 40, previews: { features: preview } });
    const before = tower();
    tell({ kind: "node-done", node: "data", cached: false, ms: 1, previews: {} });
    expect(tower()).toBe(before);
    tell({ kind: "node-failed", node: "tower/vision", error: { message: "No." } });
    expect(tower()).toMatchObject({ status: "failed", error: { message: "No." } });
  });
});
