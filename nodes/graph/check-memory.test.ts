import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { check } from "./check";
import { CheckMemory } from "./check-memory";
import type { GraphDocument } from "./document";
import { disconnect, removeNodes, setParam } from "./edits";
import { parseText } from "./parse";

const templates = readdirSync("nodes/templates").map((file): [string, GraphDocument] => {
  const { document } = parseText(readFileSync(`nodes/templates/${file}`, "utf8"));
  if (!document) throw new Error(`${file} is no graph`);
  return [file, document];
});

/** States that an editor goes through: nodes and wires that go and come back, and a parameter that is wrong. */
function editsOf(document: GraphDocument): GraphDocument[] {
  const ids = Object.keys(document.nodes);
  const some = [ids[0], ids[ids.length >> 1], ids.at(-1)].filter((id) => id !== undefined);
  const edits = some.flatMap((id) => [removeNodes(document, [id]), setParam(document, id, "width", -1)]);
  const cuts = document.wires.slice(0, 2).map((wire) => disconnect(document, [wire]));
  return [document, ...edits, ...cuts, document];
}

describe("a check with a memory", () => {
  it.each(templates)("finds in %s, edit after edit, what a check without one finds", (_, document) => {
    const memory = new CheckMemory();
    for (const state of editsOf(document)) {
      const { types, problems } = check(state);
      const remembered = check(state, undefined, memory);
      expect(remembered.types).toEqual(types);
      expect(remembered.problems).toEqual(problems);
    }
  });

  it("looks again only at what changed and at what reads it", () => {
    const memory = new CheckMemory();
    const document = graph(
      { data: ["data.emoji"], small: ["image.resize"], large: ["image.resize"], augment: ["image.augment"] },
      ["data.image -> small.image", "data.image -> large.image", "small.image -> augment.image"],
    );
    const before = check(document, undefined, memory).types;
    const after = check(setParam(document, "small", "width", 7), undefined, memory).types;
    const isKept = Object.keys(document.nodes).map((id) => after[id] === before[id]);
    expect(isKept).toEqual([true, false, true, false]);
    expect(after.augment?.out.image?.shape).toEqual(["data.N", 224, 7]);
  });

  it("does not take the parameters of one node for those of another that shares them", () => {
    const params = { width: -1 };
    const document = graph({ a: ["image.resize"], b: ["image.resize"], c: ["image.augment"] });
    for (const node of Object.values(document.nodes)) node.params = params;
    const memory = new CheckMemory();
    for (let i = 0; i < 2; i++) {
      expect(check(document, undefined, memory).problems).toEqual(check(document).problems);
    }
  });
});
