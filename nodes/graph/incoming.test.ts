import { describe, expect, it } from "vitest";
import { graph, tinyTower } from "#tests/kit/graphs";
import { excerpt, paste } from "./edits";
import { incomingWires, withIncoming } from "./incoming";
import { parsePart } from "./parse";
import { partText } from "./part-text";

describe("wires that come into what is copied", () => {
  const document = tinyTower();
  const incoming = incomingWires(document, ["normalize", "vision"]);
  it("travel as text, with the types of the nodes that they come from", () => {
    expect(incoming).toEqual([
      { from: { node: "resize", port: "image" }, to: { node: "normalize", port: "image" }, type: "image.resize" },
    ]);
    const text = partText({ ...excerpt(document, ["normalize", "vision"]), incoming });
    expect(parsePart(text).part?.incoming).toEqual(incoming);
  });
  it("are drawn to the copies where their sources are there, and are of the same type", () => {
    const pasted = paste(document, excerpt(document, ["normalize"]), { x: 0, y: 40 }).document;
    const wired = withIncoming(pasted, { normalize: "normalize_2" }, incoming);
    expect(wired.wires.at(-1)).toEqual({
      from: { node: "resize", port: "image" },
      to: { node: "normalize_2", port: "image" },
    });
    expect(withIncoming(graph({ resize: ["text.input"] }), { normalize: "normalize" }, incoming).wires).toEqual([]);
  });
});
