import { expect, it } from "vitest";
import { drawGraph } from "../_editor/export/drawing";
import { definitionOf } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { graph } from "#tests/kit/graphs";
import { emptyWish, publishedOf } from "./wish";

it("has its picture drawn without what is left out", () => {
  const notes = { mine: { text: "for my eyes", position: { x: 0, y: 0 }, size: { width: 200, height: 80 } } };
  const document = { ...graph({ folder: ["data.folder", { folder: "/home/ann/pictures" }] }), notes };
  const wish = { ...emptyWish(document), leaveOut: { notes: true, paths: true } };
  const drawn = (shown: typeof document) =>
    drawGraph({ document: shown, definitionOf: (id) => definitionOf(shown, id, registry), colour: (name) => name }).svg;
  expect(drawn(document)).toMatch(/for my eyes[\s\S]*ann|ann[\s\S]*for my eyes/);
  expect(drawn(publishedOf(document, wish) as typeof document)).not.toMatch(/for my eyes|ann/);
});
