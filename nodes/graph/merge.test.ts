import { describe, expect, it } from "vitest";
import { graph, tinyClip } from "#tests/kit/graphs";
import { random } from "#models/random";
import { changesBetween } from "./changes";
import type { GraphDocument } from "./document";
import { isSame, sharedWith } from "./document-shape";
import { addNode, connect, disconnect, moveNodes, removeNodes, setName, setNote, setParam, setTitle } from "./edits";
import { make } from "./make-composite";
import { merge } from "./merge";

const at = { x: 0, y: 0 };
const base = graph({ data: ["data.emoji"], resize: ["image.resize", { width: 64 }], normalize: ["image.normalize"] }, [
  "data.image -> resize.image",
  "resize.image -> normalize.image",
]);
const wire = (from: string, to: string) => {
  const [a, b] = [from.split("."), to.split(".")];
  return { from: { node: a[0] ?? "", port: a[1] ?? "" }, to: { node: b[0] ?? "", port: b[1] ?? "" } };
};
const paths = (merged: ReturnType<typeof merge>) => merged.conflicts.map(({ path }) => path.join("."));

describe("merge", () => {
  it("keeps what each changed of another parameter of the same node", () => {
    const mine = setParam(base, "resize", "width", 32);
    const theirs = setParam(base, "resize", "height", 48);
    const merged = merge(base, mine, theirs);
    expect(merged.conflicts).toEqual([]);
    expect(merged.document.nodes.resize?.params).toEqual({ width: 32, height: 48 });
    expect(merged.theirs.map(({ path }) => path.join("."))).toEqual(["nodes.resize.params.height"]);
  });

  it("asks for a parameter that both set, with both values and that of before, and takes what is chosen", () => {
    const mine = setParam(base, "resize", "width", 32);
    const theirs = setParam(setParam(base, "resize", "width", 128), "resize", "height", 1);
    const merged = merge(base, mine, theirs);
    expect(merged.conflicts).toMatchObject([{ base: 64, mine: 32, theirs: 128 }]);
    expect(paths(merged)).toEqual(["nodes.resize.params.width"]);
    const key = merged.conflicts[0]?.key ?? "";
    const chosen = merge(base, mine, theirs, { choices: { [key]: "theirs" } });
    expect(chosen.conflicts).toEqual([]);
    expect(chosen.document.nodes.resize?.params).toEqual({ width: 128, height: 1 });
  });

  it("does not ask for what both changed alike, nor for places", () => {
    const change = (document: GraphDocument) => setTitle(setParam(document, "resize", "width", 8), "data", "Drawings");
    const mine = moveNodes(change(base), { resize: { x: 5, y: 5 } });
    const theirs = moveNodes(change(base), { resize: { x: 900, y: 0 } });
    const merged = merge(base, mine, theirs);
    expect(merged.conflicts).toEqual([]);
    expect(merged.document).toEqual(mine);
  });

  it("keeps both of two nodes that got the same name in two windows, with their wires", () => {
    const grown = (width: number) => {
      const { document, id } = addNode(base, "image.resize", at);
      return connect(setParam(document, id, "width", width), wire("data.image", `${id}.image`));
    };
    const merged = merge(base, grown(10), grown(20));
    expect(merged.conflicts).toEqual([]);
    expect(merged.renames.nodes).toEqual({ resize_2: "resize_3" });
    expect(merged.document.nodes.resize_2?.params.width).toBe(20);
    expect(merged.document.nodes.resize_3?.params.width).toBe(10);
    expect(merged.document.wires).toContainEqual(wire("data.image", "resize_3.image"));
    expect(merged.document.wires).toContainEqual(wire("data.image", "resize_2.image"));
  });

  it("asks for a node that one deleted and the other changed, and gives it back with its wires", () => {
    const mine = removeNodes(base, ["resize"]);
    const theirs = setParam(base, "resize", "width", 1);
    const merged = merge(base, mine, theirs);
    expect(paths(merged)).toEqual(["nodes.resize"]);
    expect(merged.document).toEqual(mine);
    const kept = merge(base, mine, theirs, { otherwise: "theirs" });
    expect(isSame(kept.document, theirs)).toBe(true);
  });

  it("deletes without a question what the other only moved", () => {
    const mine = moveNodes(base, { resize: { x: 77, y: 7 } });
    const theirs = removeNodes(base, ["resize"]);
    expect(merge(base, mine, theirs)).toMatchObject({ conflicts: [], document: theirs });
    expect(merge(base, theirs, mine)).toMatchObject({ conflicts: [], document: theirs });
  });

  it("asks for a node that one deleted and the other wired", () => {
    const lonely = graph({ data: ["data.emoji"], resize: ["image.resize"] });
    const mine = connect(lonely, wire("data.image", "resize.image"));
    const theirs = removeNodes(lonely, ["resize"]);
    const merged = merge(lonely, mine, theirs);
    expect(paths(merged)).toEqual(["nodes.resize"]);
    expect(merged.document.wires).toEqual(mine.wires);
    expect(merge(lonely, mine, theirs, { otherwise: "theirs" }).document).toEqual(theirs);
  });

  it("asks for an input of one wire that both wired, and not for one of many", () => {
    const sources = graph({ a: ["data.emoji"], b: ["data.emoji"], resize: ["image.resize"] });
    const mine = connect(sources, wire("a.image", "resize.image"));
    const theirs = connect(sources, wire("b.image", "resize.image"));
    const merged = merge(sources, mine, theirs);
    expect(paths(merged)).toEqual(["wires.→ resize.image"]);
    expect(merged.document.wires).toEqual([wire("a.image", "resize.image")]);
    expect(merge(sources, mine, theirs, { otherwise: "theirs" }).document.wires).toEqual(theirs.wires);
  });

  it("merges wires that both cut and drew", () => {
    const mine = disconnect(base, [wire("data.image", "resize.image")]);
    const theirs = disconnect(base, [wire("resize.image", "normalize.image")]);
    expect(merge(base, mine, theirs).document.wires).toEqual([]);
    const drawn = connect(base, wire("data.image", "normalize.image"));
    expect(merge(base, mine, drawn).document.wires).toEqual([wire("data.image", "normalize.image")]);
  });

  it("merges inside of a composite, and keeps the composite of an instance that only one still has", () => {
    const made = make(base, ["resize", "normalize"])?.document as GraphDocument;
    const [id] = Object.keys(made.composites ?? {}) as [string];
    const inside = (change: (part: GraphDocument) => GraphDocument): GraphDocument => {
      const composite = made.composites?.[id];
      if (!composite) throw new Error("there is no composite");
      const { nodes } = change({ ...made, nodes: composite.nodes });
      return { ...made, composites: { [id]: { ...composite, nodes } } };
    };
    const mine = inside((part) => setParam(part, "resize", "width", 1));
    const theirs = inside((part) => setParam(part, "resize", "height", 2));
    const merged = merge(made, mine, theirs);
    expect(merged.conflicts).toEqual([]);
    expect(merged.document.composites?.[id]?.nodes.resize?.params).toEqual({ width: 1, height: 2 });
    const both = inside((part) => setParam(part, "resize", "width", 3));
    expect(paths(merge(made, mine, both))).toEqual([`composites.${id}.nodes.resize.params.width`]);

    const { composites: _, ...without } = removeNodes(made, Object.keys(made.nodes));
    const used = addNode(made, `composite:${id}`, at).document;
    const kept = merge(made, without as GraphDocument, used).document;
    expect(kept.composites?.[id]).toEqual(made.composites?.[id]);
  });

  it("gives composites that two windows made under one name a name each", () => {
    const mine = make(base, ["resize", "normalize"])?.document as GraphDocument;
    const theirs = make(setParam(base, "data", "limit", 3), ["data", "resize"])?.document as GraphDocument;
    const merged = merge(base, mine, theirs, { otherwise: "mine" });
    expect(Object.keys(merged.document.composites ?? {})).toHaveLength(2);
    for (const { type } of Object.values(merged.document.nodes)) {
      if (type.startsWith("composite:")) expect(merged.document.composites).toHaveProperty(type.slice(10));
    }
  });

  it("merges fields that it has never heard of: tables by name, the rest as one value", () => {
    const with_ = (fields: object) => ({ ...base, ...fields }) as GraphDocument;
    const old = with_({
      constants: { D: 8 },
      frames: { f: { title: "a", nodes: ["data"], position: at } },
      extra: [1],
    });
    const mine = with_({
      constants: { D: 8, N: 1 },
      frames: { f: { title: "b", nodes: ["data"], position: at } },
      extra: [1],
    });
    const theirs = with_({
      constants: { D: 16 },
      frames: { f: { title: "a", nodes: ["data", "resize"], position: { x: 9, y: 9 } }, g: { title: "g" } },
      extra: [2],
    });
    const merged = merge(old, mine, theirs);
    expect(merged.conflicts).toEqual([]);
    expect(merged.document).toMatchObject({
      constants: { D: 16, N: 1 },
      frames: { f: { title: "b", nodes: ["data", "resize"], position: { x: 9, y: 9 } }, g: { title: "g" } },
      extra: [2],
    });
    const both = with_({ constants: { D: 4 }, frames: {}, extra: [3] });
    expect(paths(merge(old, both, theirs))).toEqual(["constants.D", "frames.f", "extra"]);
  });

  it("keeps both of two frames that got the same name, each with what lies in it", () => {
    const framed = (title: string, inside: string) => {
      const nodes = { ...base.nodes, [inside]: { ...base.nodes[inside], frame: "frame" } };
      return { ...base, nodes, frames: { frame: { title } } } as unknown as GraphDocument;
    };
    const merged = merge(base, framed("mine", "data"), framed("theirs", "resize"));
    expect(merged.conflicts).toEqual([]);
    expect(merged.document).toMatchObject({
      frames: { frame: { title: "theirs" }, frame_2: { title: "mine" } },
      nodes: { data: { frame: "frame_2" }, resize: { frame: "frame" } },
    });
  });

  it("lets undo be about own edits: an earlier state of mine takes what is theirs, too", () => {
    const first = setParam(base, "resize", "width", 32);
    const mine = setNote(first, "data", "mine");
    const theirs = setParam(base, "normalize", "mean", [0, 0, 0]);
    const states = [base, first, mine].map((state) => merge(base, state, theirs).document);
    expect(states.map((state) => state.nodes.resize?.params.width)).toEqual([64, 32, 32]);
    expect(states.map((state) => state.nodes.data?.note)).toEqual([undefined, undefined, "mine"]);
    for (const state of states) expect(state.nodes.normalize?.params).toEqual({ mean: [0, 0, 0] });
  });
});

/** Edits at random, as a window makes them; whatever they make is a document. */
function edited(document: GraphDocument, draw: () => number, count: number): GraphDocument {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(draw() * list.length)];
  let now = document;
  for (let i = 0; i < count; i++) {
    const id = pick(Object.keys(now.nodes)) ?? "none";
    const value = Math.floor(draw() * 1000);
    const edits: (() => GraphDocument)[] = [
      () => setParam(now, id, pick(["width", "height", "limit", "steps"]) ?? "width", value),
      () => setParam(now, id, "width", undefined),
      () => setNote(now, id, `note ${value}`),
      () => setTitle(now, id, `title ${value}`),
      () => setName(now, `name ${value}`),
      () => moveNodes(now, { [id]: { x: value, y: value } }),
      () => removeNodes(now, [id]),
      () => addNode(now, pick(["image.resize", "image.normalize", "data.emoji"]) ?? "", at).document,
      () =>
        disconnect(
          now,
          now.wires.filter(() => draw() < 0.1),
        ),
      () => connect(now, wire(`${pick(Object.keys(now.nodes))}.image`, `${id}.image`)),
      () => make(now, [id])?.document ?? now,
    ];
    now = pick(edits)?.() ?? now;
  }
  return now;
}

function valueAt(document: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return document;
  if (Array.isArray(document)) {
    const found = document.some(({ from, to }) => `${from.node}.${from.port} → ${to.node}.${to.port}` === name);
    return found ? "a wire" : undefined;
  }
  return valueAt((document as Record<string, unknown> | undefined)?.[name], rest);
}

describe("merges of random edits", () => {
  const seeds = Array.from({ length: 300 }, (_, seed) => seed);
  const start = tinyClip();

  it("lose no edit: without a conflict each change of both is in the result", () => {
    let free = 0;
    for (const seed of seeds) {
      const draw = drawsOf(seed);
      const [mine, theirs] = [edited(start, draw, 4), edited(start, draw, 4)];
      const { document, conflicts, renames } = merge(start, mine, theirs);
      const isRenamed = Object.keys(renames.nodes).length + Object.keys(renames.composites).length > 0;
      if (conflicts.length || isRenamed) continue;
      free++;
      for (const { path, after } of [...changesBetween(start, mine), ...changesBetween(start, theirs)]) {
        const expected = path[0] === "wires" && after !== undefined ? "a wire" : after;
        expect(valueAt(document, path), `seed ${seed}: ${path.join(".")}`).toEqual(expected);
      }
    }
    expect(free).toBeGreaterThan(50);
  });

  it("are the same from both sides, whatever is chosen", () => {
    for (const seed of seeds) {
      const draw = drawsOf(seed);
      const [mine, theirs] = [edited(start, draw, 12), edited(start, draw, 12)];
      const here = merge(start, mine, theirs, { otherwise: "mine" });
      const there = merge(start, theirs, mine, { otherwise: "theirs" });
      if (Object.keys({ ...here.renames.nodes, ...here.renames.composites }).length) continue;
      expect(changesBetween(here.document, there.document), `seed ${seed}`).toEqual([]);
    }
  });

  it("with nothing on one side are the other, and merging again changes nothing", () => {
    for (const seed of seeds) {
      const draw = drawsOf(seed);
      const [mine, theirs] = [edited(start, draw, 12), edited(start, draw, 12)];
      expect(isSame(merge(start, mine, start).document, mine)).toBe(true);
      expect(isSame(merge(start, start, theirs).document, theirs)).toBe(true);
      expect(isSame(merge(start, mine, mine).document, mine)).toBe(true);
      const once = merge(start, mine, theirs, { otherwise: "mine" }).document;
      expect(isSame(merge(theirs, once, theirs).document, once), `seed ${seed}`).toBe(true);
    }
  });

  it("ask for each conflict once, one that follows from a choice too", () => {
    for (const seed of seeds.slice(0, 100)) {
      const draw = drawsOf(seed);
      const [mine, theirs] = [edited(start, draw, 20), edited(start, draw, 20)];
      const choices: Record<string, "mine" | "theirs"> = {};
      for (;;) {
        const [conflict] = merge(start, mine, theirs, { choices }).conflicts;
        if (!conflict) break;
        expect(choices).not.toHaveProperty([conflict.key]);
        choices[conflict.key] = draw() < 0.5 ? "mine" : "theirs";
      }
    }
  });
});

describe("sharedWith", () => {
  it("gives what did not change the identity that it had", () => {
    const theirs = setParam(JSON.parse(JSON.stringify(base)), "resize", "width", 3);
    const shared = sharedWith(base, theirs);
    expect(shared).toEqual(theirs);
    expect(shared.nodes.data).toBe(base.nodes.data);
    expect(shared.wires).toBe(base.wires);
    expect(shared.nodes.resize).not.toBe(base.nodes.resize);
  });
});

function drawsOf(seed: number): () => number {
  const stream = random("merge", seed);
  return () => stream.uniform();
}
