import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { addFrame, addNote, frameIdOf, frameItem, frameOf, itemsOf, membersOf } from "#nodes/graph/annotations";
import { noteItem, setShut, toggleLocked } from "#nodes/graph/annotations";
import { type GraphDocument, graphDocument } from "#nodes/graph/document";
import { moveNodes } from "#nodes/graph/edits";
import { graph } from "#tests/kit/graphs";
import type { Box } from "./aligning";
import { putIntoFrame, tidy } from "./layout-graph";

const size = { width: 240, height: 90 };
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`);

function large(count: number, sourceOf: (i: number) => number | undefined): GraphDocument {
  const nodes = Object.fromEntries(names(count).map((id): [string, [string]] => [id, ["image.augment"]]));
  const wires = names(count).flatMap((id, i) => {
    const source = sourceOf(i);
    return source === undefined ? [] : [`n${source}.image -> ${id}.image`];
  });
  return graph(nodes, wires);
}

describe("Arrange", () => {
  it.each<[string, GraphDocument]>([
    ["a graph of a few nodes", large(12, (i) => (i ? i - 1 : undefined))],
    ["a chain of 3,000", large(3000, (i) => (i ? i - 1 : undefined))],
    ["a fan of 2,000", large(2000, (i) => (i ? 0 : undefined))],
    ["a tree of 1,000", large(1000, (i) => (i ? (i - 1) >> 1 : undefined))],
    ["a ring of 500", large(500, (i) => (i + 499) % 500)],
    ["500 loose nodes", large(500, () => undefined)],
  ])("puts no node of %s on another", (_, document) => {
    const places = Object.values(tidy(document, itemsOf(document), () => size).nodes).map((node) => node.position);
    const sorted = places.toSorted((a, b) => a.x - b.x || a.y - b.y);
    let overlaps = 0;
    for (const [i, { x, y }] of sorted.entries()) {
      for (let j = i + 1; j < sorted.length && (sorted[j]?.x ?? 0) < x + size.width; j++) {
        if (Math.abs((sorted[j]?.y ?? 0) - y) < size.height) overlaps++;
      }
    }
    expect(overlaps).toBe(0);
  });

  it("gives a long chain and a wide fan the shape of a screen", () => {
    for (const sourceOf of [(i: number) => i - 1, () => 0]) {
      const document = large(1200, (i) => (i ? sourceOf(i) : undefined));
      const places = Object.values(tidy(document, itemsOf(document), () => size).nodes).map((node) => node.position);
      const width = Math.max(...places.map(({ x }) => x));
      const height = Math.max(...places.map(({ y }) => y));
      expect(width / height).toBeGreaterThan(0.8);
      expect(width / height).toBeLessThan(3);
    }
  });
});

/** Cards of unequal heights, as previews make them. */
const cardOf = (id: string) => ({ width: 240, height: 90 + 40 * (id.length % 8) });

function boxOf({ nodes, frames = {}, notes = {} }: GraphDocument, item: string): Box {
  const area = frames[frameIdOf(item) ?? ""] ?? notes[item.replace("note:", "")];
  if (area) return { ...area.position, ...area.size };
  return { ...(nodes[item] as GraphDocument["nodes"][string]).position, ...cardOf(item) };
}

const meet = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** What lies on something that it has nothing to do with, and what lies beyond the edge of its frame. */
function misplaced(document: GraphDocument): string[] {
  const items = itemsOf(document);
  const inside = (item: string) => new Set([item, ...membersOf(document, frameIdOf(item) ?? "")]);
  return items.flatMap((item, i) => {
    const box = boxOf(document, item);
    const frame = frameOf(document, item);
    const around = frame === undefined ? undefined : boxOf(document, frameItem(frame));
    const isBeyond =
      around &&
      (box.x < around.x + 20 ||
        box.y < around.y + 40 ||
        box.x + box.width > around.x + around.width - 20 ||
        box.y + box.height > around.y + around.height - 20);
    const others = items.slice(i + 1).filter((other) => !inside(item).has(other) && !inside(other).has(item));
    const met = others.filter((other) => meet(box, boxOf(document, other)));
    return [...(isBeyond ? [`${item} beyond ${frame}`] : []), ...met.map((other) => `${item} on ${other}`)];
  });
}

describe("Arrange, with frames", () => {
  it.each(["albef-pretrain", "blip-pretrain", "vilt", "vlmo"])("keeps those of %s around what is theirs", (name) => {
    const before = graphDocument.parse(JSON.parse(readFileSync(`nodes/templates/${name}.json`, "utf8")));
    const after = tidy(before, itemsOf(before), cardOf);
    expect(misplaced(after)).toEqual([]);
    for (const item of itemsOf(before)) expect(frameOf(after, item)).toBe(frameOf(before, item));
    // A frame is no larger than what lies in it wants.
    for (const id of Object.keys(after.frames ?? {})) {
      const right = Math.max(...membersOf(after, id).map((item) => boxOf(after, item).x + boxOf(after, item).width));
      const box = boxOf(after, frameItem(id));
      expect(box.x + box.width - right).toBe(24);
    }
  });

  /** A frame in a frame, with a note and a text, beside a node that lies under them. */
  function nested(): GraphDocument {
    const area = { position: { x: 0, y: 0 }, size: { width: 90, height: 90 } };
    const chain = large(9, (i) => (i ? i - 1 : undefined));
    const noted = addNote(chain, { text: "Small", ...area });
    const text = "What is seen here, ".repeat(20);
    const inner = addFrame(noted.document, ["n2", "n3", noteItem(noted.id)], { title: "Inner", text, ...area });
    return addFrame(inner.document, ["n1", "n4", frameItem(inner.id)], { title: "Outer", ...area }).document;
  }

  it("keeps frames in frames, and notes; a text above the members has its room", () => {
    const after = tidy(nested(), itemsOf(nested()), cardOf);
    expect(misplaced(after)).toEqual([]);
    const [inner, first] = [boxOf(after, "frame:frame"), Math.min(...["n2", "n3"].map((id) => boxOf(after, id).y))];
    expect(first - inner.y).toBeGreaterThan(100);
    expect(tidy(after, itemsOf(after), cardOf)).toEqual(after);
  });

  it("takes a frame that is shut as the bar that it is, and leaves it as it is inside", () => {
    const before = setShut(nested(), ["frame"], true);
    const after = tidy(before, itemsOf(before), cardOf);
    const { x = 0, y = 0 } = after.frames?.frame?.position ?? {};
    for (const id of ["n2", "n3"]) {
      expect(after.nodes[id]?.position).toEqual({ x: (before.nodes[id]?.position.x ?? 0) + x, y });
    }
    expect(after.frames?.frame?.size).toEqual(before.frames?.frame?.size);
    const outer = boxOf(after, "frame:frame_2");
    expect(outer.height).toBeLessThan(52 + 24 + 90 + 40 * 3);
  });

  it("leaves what is locked where it is, and a frame that holds such, and puts nothing on them", () => {
    const named = Object.fromEntries(names(9).map((id, i) => [id, { x: 40 * i, y: 30 * i }]));
    const before = toggleLocked(moveNodes(nested(), named), ["n3", "n7"]);
    const fitting = tidy(toggleLocked(before, ["n3", "n7"]), ["n2", "n3"], cardOf);
    const locked = toggleLocked(fitting, ["n3", "n7"]);
    const after = tidy(locked, itemsOf(locked), cardOf);
    for (const id of ["n1", "n2", "n3", "n4", "n7"]) expect(after.nodes[id]).toBe(locked.nodes[id]);
    for (const id of ["n0", "n5", "n6", "n8"]) {
      const met = itemsOf(after).filter((item) => item !== id && meet(boxOf(after, id), boxOf(after, item)));
      expect(met).toEqual([]);
    }
  });

  it("arranges some of a frame where they are, and lets the frames around fit them", () => {
    const before = nested();
    const after = tidy(before, ["n2", "n3"], cardOf);
    expect(after.nodes.n2?.position).toEqual({ x: 0, y: 0 });
    expect(after.nodes.n3?.position).toEqual({ x: 310, y: 0 });
    expect(after.nodes.n1).toBe(before.nodes.n1);
    expect(after.frames?.frame?.size.width).toBe(240 + 70 + 240 + 2 * 24);
    expect(after.frames?.frame_2?.position.x).toBe(-48);
  });
});

describe("what is put into a frame by its name", () => {
  const chain = large(5, (i) => (i ? i - 1 : undefined));
  const framed = addFrame(chain, ["n0", "n1"], {
    title: "First",
    position: { x: 0, y: 0 },
    size: { width: 90, height: 90 },
  }).document;
  const before = tidy(framed, itemsOf(framed), cardOf);

  it("lies beside what lies there, and the frame fits all of it; out of it again it lies on nothing", () => {
    const after = putIntoFrame(before, ["n3", "n4"], "frame", cardOf);
    expect(membersOf(after, "frame").sort()).toEqual(["n0", "n1", "n3", "n4"]);
    expect(misplaced(after)).toEqual([]);
    // What the frame would have come to lie on is moved down.
    const low = moveNodes(before, { n2: { x: 0, y: boxOf(before, "frame:frame").height + 20 } });
    const pushed = putIntoFrame(low, ["n3", "n4"], "frame", cardOf);
    expect(misplaced(pushed)).toEqual([]);
    expect(boxOf(pushed, "n2").x).toBe(0);
    expect(boxOf(pushed, "n2").y).toBeGreaterThan(boxOf(low, "n2").y);
    const back = putIntoFrame(after, ["n3"], undefined, cardOf);
    expect(frameOf(back, "n3")).toBeUndefined();
    expect(meet(boxOf(back, "n3"), boxOf(back, "frame:frame"))).toBe(false);
    expect(meet(boxOf(back, "n3"), boxOf(back, "n2"))).toBe(false);
  });

  it("begins in the corner of an empty frame, and is as before where it lies there already", () => {
    const area = { position: { x: 900, y: 900 }, size: { width: 400, height: 400 } };
    const { document, id } = addFrame(before, [], { title: "Empty", ...area });
    const after = putIntoFrame(document, ["n4"], id, cardOf);
    expect(boxOf(after, "n4")).toMatchObject({ x: 924, y: 952 });
    expect(after.frames?.[id]?.position).toEqual(area.position);
    expect(putIntoFrame(after, ["n4"], id, cardOf)).toBe(after);
  });
});
