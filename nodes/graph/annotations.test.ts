import { withoutUnused } from "./composites";
import { describe, expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import {
  addFrame,
  addNote,
  bend,
  changeFrame,
  frameItem,
  isHeld,
  itemsOf,
  membersOf,
  moveItems,
  noteItem,
  putInto,
  setShut,
  toggleLocked,
  unframe,
} from "./annotations";
import { endpointKey, type GraphDocument } from "./document";
import { excerpt, moveNodes, paste, placeItems, removeNodes, toggleCollapsed, toggleOff } from "./edits";
import { expand, make } from "./make-composite";
import { parsePart, parseText } from "./parse";
import { partText } from "./part-text";

const area = { position: { x: -20, y: -40 }, size: { width: 500, height: 300 } };

function drawn(): GraphDocument {
  const plain = graph({ data: ["data.emoji", {}], resize: ["image.resize", {}], normalize: ["image.normalize", {}] }, [
    "data.image -> resize.image",
    "resize.image -> normalize.image",
  ]);
  const noted = addNote(plain, { text: "Small pictures", ...area });
  const framed = addFrame(noted.document, ["data", "resize", noteItem(noted.id)], { title: "Pictures", ...area });
  return bend(framed.document, framed.document.wires[0] as never, [{ x: 50, y: 60 }]);
}
/** A document as it is in a file; the order of wires into different inputs means nothing. */
function written(document: GraphDocument): GraphDocument {
  const json = JSON.parse(JSON.stringify(document)) as GraphDocument;
  json.wires.sort((a, b) => endpointKey(a.to).localeCompare(endpointKey(b.to)));
  return json;
}

describe("a frame", () => {
  it("carries what lies in it, with the bends of wires between", () => {
    const before = drawn();
    const after = moveItems(before, [frameItem("frame")], { x: 10, y: 5 });
    expect(after.nodes.resize?.position).toEqual({ x: 10, y: 5 });
    expect(after.nodes.normalize?.position).toEqual({ x: 0, y: 0 });
    expect(after.notes?.note?.position).toEqual({ x: -10, y: -35 });
    expect(after.wires[0]?.via).toEqual([{ x: 60, y: 65 }]);
    expect(after.frames?.frame?.position).toEqual({ x: -10, y: -35 });
  });

  it("is one thing among others that are given places: what lies in it goes along, chosen too or not", () => {
    const before = drawn();
    const places = { [frameItem("frame")]: { x: 80, y: 60 }, resize: { x: 7, y: 7 }, normalize: { x: 300, y: 0 } };
    const after = placeItems(before, places);
    expect(after.frames?.frame?.position).toEqual({ x: 80, y: 60 });
    // The frame was at (-20, -40), and so was the note; nodes were at (0, 0).
    expect(after.nodes.resize?.position).toEqual({ x: 100, y: 100 });
    expect(after.notes?.note?.position).toEqual({ x: 80, y: 60 });
    expect(after.nodes.normalize?.position).toEqual({ x: 300, y: 0 });
    expect(after.wires[0]?.via).toEqual([{ x: 150, y: 160 }]);
  });

  it("that is locked stays where it is with all that lies in it, whatever moves the rest", () => {
    const before = toggleLocked(drawn(), [frameItem("frame")]);
    expect(["resize", noteItem("note"), "normalize"].map((item) => isHeld(before, item))).toEqual([true, true, false]);
    const moved = moveItems(before, [...itemsOf(before)], { x: 10, y: 0 });
    expect(moved.nodes.normalize?.position).toEqual({ x: 10, y: 0 });
    expect(moved.nodes.resize).toBe(before.nodes.resize);
    expect(moved.frames).toBe(before.frames);
    const placed = placeItems(before, { [frameItem("frame")]: { x: 50, y: 50 }, normalize: { x: 4, y: 4 } });
    expect(placed.frames).toBe(before.frames);
    expect(placed.nodes).toEqual({
      ...before.nodes,
      normalize: { ...before.nodes.normalize, position: { x: 4, y: 4 } },
    });
    const back = toggleLocked(before, [frameItem("frame")]);
    expect(written(back)).toEqual(written(drawn()));
    expect(back.frames?.frame).not.toHaveProperty("locked");
  });

  it("lies in another one, and leaves what lay in it to that when it is taken away", () => {
    const inner = drawn();
    const outer = addFrame(inner, [frameItem("frame"), "data", "normalize"], { title: "All", ...area });
    expect(outer.document.nodes.data?.frame).toBe("frame");
    expect(membersOf(outer.document, outer.id).sort()).toEqual(
      ["data", "frame:frame", "normalize", "note:note", "resize"].sort(),
    );
    const freed = unframe(outer.document, ["frame"]);
    expect(freed.nodes.data?.frame).toBe(outer.id);
    expect(freed.frames).not.toHaveProperty("frame");
    expect(putInto(outer.document, [frameItem(outer.id)], "frame")).toBe(outer.document);
  });

  it("says nothing to the graph when it is shut, and is the same again when it is opened", () => {
    const before = drawn();
    const shut = setShut(before, ["frame"], true);
    expect(shut.frames?.frame?.shut).toBe(true);
    expect(written(setShut(shut, ["frame"], false))).toEqual(written(before));
    expect(setShut(before, ["frame"], false)).toBe(before);
    expect(changeFrame(before, "frame", { title: "Pictures" })).toBe(before);
  });

  it("is copied with its nodes, its notes and their wires, under names that are free", () => {
    const before = drawn();
    const { part = {} } = parsePart(partText(excerpt(before, [frameItem("frame")])));
    const { document, ids } = paste(before, part as never, { x: 100, y: 0 });
    expect(ids.sort()).toEqual(["emoji", "frame:frame_2", "note:note_2", "resize_2"]);
    expect(document.nodes.emoji?.frame).toBe("frame_2");
    expect(document.wires.at(-1)?.via).toEqual([{ x: 150, y: 60 }]);
    expect(written(removeNodes(document, ids))).toEqual(written(before));
  });
});

describe("a node", () => {
  it("is bypassed, muted and collapsed, and is as before when that is taken back", () => {
    const before = drawn();
    const muted = toggleOff(before, ["data", "resize"], "muted");
    const mixed = toggleOff(muted, ["data", "normalize"], "bypassed");
    expect([mixed.nodes.data?.off, mixed.nodes.resize?.off]).toEqual(["bypassed", "muted"]);
    expect(written(toggleOff(muted, ["data", "resize"], "muted"))).toEqual(written(before));
    const collapsed = toggleCollapsed(before, ["data"]);
    expect(collapsed.nodes.data?.collapsed).toBe(true);
    expect(toggleCollapsed(collapsed, ["data"]).nodes.data).toEqual(before.nodes.data);
  });

  it("takes bends of a wire along only with the other end of it", () => {
    const before = drawn();
    expect(moveNodes(before, { data: { x: 9, y: 0 } }).wires[0]?.via).toEqual([{ x: 50, y: 60 }]);
    const both = moveNodes(before, { data: { x: 9, y: 0 }, resize: { x: 9, y: 0 } });
    expect(both.wires[0]?.via).toEqual([{ x: 59, y: 60 }]);
  });
});

describe("a composite of what lies in frames", () => {
  it.each([
    ["of a whole frame", ["data", "resize"]],
    ["of a part of one", ["resize", "normalize"]],
    ["of all", ["data", "resize", "normalize"]],
    ["of a frame itself", [frameItem("frame")]],
  ])("%s is expanded to the graph that it was", (_, chosen) => {
    const before = drawn();
    const made = make(before, chosen);
    const back = expand(made?.document as GraphDocument, made?.id ?? "");
    expect(written(withoutUnused(back?.document as GraphDocument, made?.composite ?? ""))).toEqual(written(before));
  });

  it("holds the frame, and lies in the one around that", () => {
    const outer = addFrame(drawn(), [frameItem("frame"), "normalize"], { title: "All", ...area });
    const made = make(outer.document, ["data", "resize"]);
    expect(made?.document.composites?.composite?.frames).toHaveProperty("frame");
    expect(made?.document.frames).not.toHaveProperty("frame");
    expect(made?.document.nodes.composite?.frame).toBe(outer.id);
  });
});

describe("a graph with all of that", () => {
  it("is the same after it was saved and opened", () => {
    const all = toggleCollapsed(toggleOff(drawn(), ["data"], "bypassed"), ["resize"]);
    const text = JSON.stringify(parseText(JSON.stringify(all)).document);
    expect(JSON.stringify(parseText(text).document)).toBe(text);
    expect(written(JSON.parse(text))).toEqual(written(all));
    expect(itemsOf(parseText(text).document as GraphDocument)).toHaveLength(5);
  });
});
