/** The check of an editor, which looks only at what changed, against a check that knows nothing of before. */
import { describe, expect, it } from "vitest";
import { check } from "#nodes/graph/check";
import type { GraphDocument, GraphNode } from "#nodes/graph/document";
import { addNode, connect, disconnect, moveNodes, removeNodes, setParam } from "#nodes/graph/edits";
import { make } from "#nodes/graph/make-composite";
import { graph } from "#tests/kit/graphs";
import { checkDocument } from "./checked";

const begun = graph(
  {
    data: ["data.emoji"],
    resize: ["image.resize", { size: 32 }],
    augment: ["image.augment"],
    vit: ["model.vision-transformer"],
    flat: ["model.projector"],
    words: ["data.emoji"],
    tokens: ["text.train-tokenizer"],
  },
  ["data.image -> resize.image", "resize.image -> augment.image"],
);
const types = ["image.resize", "image.augment", "data.emoji", "model.projector", "loss.info-nce", "no.such-type"];

/** The same numbers for the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function edited(document: GraphDocument, draw: (below: number) => number): GraphDocument {
  const ids = Object.keys(document.nodes);
  const some = () => ids[draw(ids.length)] ?? "data";
  const ports = ["image", "out", "x", "text", "a", "b", "tokenizer", "embeddings"];
  switch (draw(8)) {
    case 0:
      return addNode(document, types[draw(types.length)] ?? "", { x: draw(900), y: draw(900) }).document;
    case 1:
      return ids.length > 3 ? removeNodes(document, [some()]) : document;
    case 2: {
      const values: GraphNode["params"][string][] = [8, 32, 64, "twemoji", -5, true];
      const names = ["size", "grey", "scope", "vendors", "width"];
      return setParam(document, some(), names[draw(names.length)] ?? "", values[draw(values.length)]);
    }
    case 3:
    case 4: {
      const from = { node: some(), port: ports[draw(ports.length)] ?? "" };
      return connect(document, { from, to: { node: some(), port: ports[draw(ports.length)] ?? "" } });
    }
    case 5: {
      const wire = document.wires[draw(document.wires.length)];
      return wire ? disconnect(document, [wire]) : document;
    }
    case 6:
      return moveNodes(document, { [some()]: { x: draw(900), y: draw(900) } });
    default:
      return draw(4) ? document : (make(document, [some(), some()])?.document ?? document);
  }
}

describe("the check of an edited document", () => {
  it.each([1, 2, 3, 4, 5, 6])("finds after each of 60 random edits what a fresh check finds (seed %i)", (seed) => {
    const draw = random(seed);
    let document = begun;
    let checked = checkDocument(document);
    const undone = [document];
    for (let i = 0; i < 60; i++) {
      // Going back shows parts of the past again, which the memory may still know.
      document = draw(6) ? edited(document, draw) : (undone[draw(undone.length)] ?? document);
      undone.push(document);
      checked = checkDocument(document, checked);
      const fresh = check(document);
      expect(checked.problems).toEqual(fresh.problems);
      expect(checked.types).toEqual(fresh.types);
    }
  });

  it("looks at one node again where one parameter at the end of a long chain changed", () => {
    const ids = Array.from({ length: 200 }, (_, i) => `n${i}`);
    const chain = graph(
      Object.fromEntries(ids.map((id, i) => [id, [i ? "image.augment" : "data.emoji", {}]])),
      ids.slice(1).map((id, i) => `n${i}.image -> ${id}.image`),
    );
    const before = checkDocument(chain);
    const after = checkDocument(setParam(chain, "n199", "grey", 0.5), before);
    const anew = ids.filter((id) => after.types[id] !== before.types[id]);
    expect(anew).toEqual(["n199"]);
  });
});
