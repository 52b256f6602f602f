import { describe, expect, it } from "vitest";
import { random } from "#models/random";
import type { GraphDocument } from "#nodes/graph/document";
import { make } from "#nodes/graph/make-composite";
import { tinyTower } from "#tests/kit/graphs";
import { randomEdit } from "#tests/kit/random-edits";
import { checkDocument } from "./checked";
import { createEditor } from "./store";

const beginnings: readonly GraphDocument[] = [
  tinyTower(),
  make(tinyTower(), ["vision", "projector"], { title: "Tower" })?.document as GraphDocument,
];

describe("the editor's store after random edits, undos and redos", () => {
  it("is at its beginning again when all is undone, and what it says of the graph is what a fresh check says", () => {
    for (let seed = 0; seed < 60; seed++) {
      const draw = random(seed, "store");
      const beginning = beginnings[seed % beginnings.length] as GraphDocument;
      const store = createEditor({ document: beginning });
      for (let step = 0; step < 50; step++) {
        const kind = draw.uniform();
        const { undo, redo, editWhole } = store.getState();
        if (kind < 0.12) undo();
        else if (kind < 0.22) redo();
        else editWhole((document) => randomEdit(document, draw).document);
      }
      const { checked, history } = store.getState();
      const fresh = checkDocument(JSON.parse(JSON.stringify(history.present)));
      expect(checked.problems, `seed ${seed}`).toEqual(fresh.problems);
      expect(checked.types, `seed ${seed}`).toEqual(fresh.types);
      const last = JSON.stringify(history.present);
      const steps = history.past.length;
      for (let step = 0; step < steps; step++) store.getState().undo();
      expect(JSON.stringify(store.getState().history.present)).toBe(JSON.stringify(beginning));
      for (let step = 0; step < steps; step++) store.getState().redo();
      expect(JSON.stringify(store.getState().history.present)).toBe(last);
    }
  });
});
