import { describe, expect, it } from "vitest";
import { definitionOf } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { graph } from "#tests/kit/graphs";
import { drawGraph } from "./drawing";

/** Pictures that are read by the next node, and by one behind it. */
function inARow(between: number) {
  const document = graph({ data: ["data.emoji"], resize: ["image.resize"], augment: ["image.augment"] }, [
    "data.image -> resize.image",
    "data.image -> augment.image",
  ]);
  Object.assign(document.nodes.resize as object, { position: { x: 400, y: between } });
  Object.assign(document.nodes.augment as object, { position: { x: 800, y: 0 } });
  return document;
}

const drawn = (document: ReturnType<typeof graph>): string =>
  drawGraph({ document, definitionOf: (id) => definitionOf(document, id, registry), colour: () => "red" }).svg;

const pathsOf = (document: ReturnType<typeof graph>): number[] => {
  const paths = [...drawn(document).matchAll(/<path d="(M[^"]*)" fill="none"/g)];
  return paths.map(([, way = ""]) => way.match(/C/g)?.length ?? 0);
};

describe("a drawing of a graph", () => {
  it("has its wires around the nodes that lie between their ends, and straight on elsewhere", () => {
    const [near, far] = pathsOf(inARow(0));
    expect(near).toBe(1);
    expect(far).toBeGreaterThan(1);
    expect(pathsOf(inARow(600))).toEqual([1, 1]);
  });

  it("has the words of a note, without the marks of Markdown", () => {
    const document = inARow(0);
    document.notes = {
      n: { text: "# A note\n**bold**", position: { x: 0, y: -200 }, size: { width: 240, height: 90 } },
    };
    expect(drawn(document)).toMatch(/>A note<.*>bold</s);
  });

  it("keeps the bends that a wire was given", () => {
    const document = inARow(0);
    Object.assign(document.wires[1] as object, { via: [{ x: 500, y: -200 }] });
    expect(pathsOf(document)).toEqual([1, 2]);
  });
});
