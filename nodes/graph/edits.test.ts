import { describe, expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { excerpt, freeId, moveNodes, paste, setDescription, setName, setNote, setParam, setTitle } from "./edits";
import { parseDocument } from "./parse";

const half = "smile \ud83d";
const NUL = "a\0b";

describe("what is typed", () => {
  const document = graph({ a: ["text.input"] });
  it.each([half, NUL])("as %j is kept as text that can be saved, wherever it stands", (text) => {
    const edited = [
      setName(document, text),
      setDescription(document, text),
      setTitle(document, "a", text),
      setNote(document, "a", text),
      setParam(document, "a", "text", text),
      setParam(document, "a", "text", [{ name: text }]),
    ];
    for (const changed of edited) {
      expect(JSON.stringify(changed)).not.toMatch(/\\u0000|\\ud83d/);
      expect(parseDocument(changed).document).toEqual(changed);
    }
  });
  it("as a title keeps its spaces; a title of nothing but spaces is none", () => {
    expect(setTitle(document, "a", "My ").nodes.a?.title).toBe("My ");
    expect(setTitle(document, "a", "  ").nodes.a?.title).toBeUndefined();
  });
});

describe("a free id", () => {
  it.each([
    "x.constructor",
    "x.3d",
    "x.",
    "",
    "x.__proto__",
    `x.${"a".repeat(90)}`,
    "x.한국어",
  ])("of a node of the type “%s” is one that can be saved", (type) => {
    const document = graph({});
    const nodes = { a: { type: "text.input", version: 1, params: {}, position: { x: 0, y: 0 } } };
    const twice = paste(
      paste(document, { nodes: { ...nodes, b: { ...nodes.a, type } }, wires: [] }, { x: 0, y: 0 }).document,
      {
        nodes: { c: { ...nodes.a, type } },
        wires: [],
      },
      { x: 0, y: 0 },
    ).document;
    expect(Object.keys(twice.nodes)).toHaveLength(3);
    expect(parseDocument(twice).problems).toBeUndefined();
    expect(parseDocument({ ...document, nodes: { [freeId(document, type)]: nodes.a } }).problems).toBeUndefined();
  });
});

describe("moving and pasting", () => {
  it("changes nothing that stays where it is", () => {
    const document = graph({ a: ["text.input"], b: ["text.input"] });
    const { position } = document.nodes.a ?? { position: { x: 0, y: 0 } };
    expect(moveNodes(document, { a: position, gone: { x: 1, y: 1 } })).toBe(document);
    const moved = moveNodes(document, { a: { x: 10.4, y: 20.6 } });
    expect(moved.nodes.a?.position).toEqual({ x: 10, y: 21 });
    expect(moved.nodes.b).toBe(document.nodes.b);
  });
  it("copies the wires among what is copied, to the copies", () => {
    const document = graph({ a: ["text.input"], b: ["text.prompts"] }, ["a.text -> b.text"]);
    const { document: pasted, ids } = paste(document, excerpt(document, ["a", "b"]), { x: 1, y: 1 });
    expect(ids).toEqual(["input", "prompts"]);
    expect(pasted.wires.at(-1)).toEqual({
      from: { node: "input", port: "text" },
      to: { node: "prompts", port: "text" },
    });
  });
});
