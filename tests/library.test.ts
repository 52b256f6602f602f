import { describe, expect, it } from "vitest";
import { within } from "#nodes/graph/composite-edits";
import type { GraphDocument } from "#nodes/graph/document";
import { setParam } from "#nodes/graph/edits";
import { withEntry } from "#nodes/graph/library";
import { make } from "#nodes/graph/make-composite";
import { api, withBackend } from "./kit/backend";
import { graph } from "./kit/graphs";

withBackend();

const plain = graph({ vision: ["model.vision-transformer"], norm: ["model.l2-normalize"] }, [
  "vision.features -> norm.embedding",
]);
const document = make(plain, ["vision", "norm"], { title: "Tower" })?.document as GraphDocument;

describe("my nodes", () => {
  it("keep a composite in versions, and give it as it was saved", async () => {
    const first = await api.composites.save({ document, composite: "tower" });
    expect(first.version).toBe(1);
    expect(await api.composites.save({ id: first.id, document, composite: "tower" })).toEqual(first);
    const changed = within(document, "tower", (inside) => setParam(inside, "vision", "layers", 2));
    expect(await api.composites.save({ id: first.id, document: changed, composite: "tower" })).toMatchObject({
      id: first.id,
      version: 2,
    });
    expect(await api.composites.list()).toMatchObject([{ id: first.id, title: "Tower", version: 2 }]);
    const entry = await api.composites.get({ id: first.id });
    expect(entry.composites).toEqual({ tower: changed.composites?.tower });
    expect(withEntry(graph({}), entry).document.composites?.tower?.origin).toEqual({ id: first.id, version: 2 });
  });

  it("can be taken away; copies stay, and saving one again makes a new entry", async () => {
    const [known] = await api.composites.list();
    await api.composites.remove({ id: known?.id ?? "" });
    expect(await api.composites.list()).toEqual([]);
    await expect(api.composites.get({ id: known?.id ?? "" })).rejects.toThrow(/does not exist/);
    const again = await api.composites.save({ id: known?.id, document, composite: "tower" });
    expect(again).toMatchObject({ version: 1 });
    expect(again.id).not.toBe(known?.id);
  });

  it("take nothing that no graph could use, and say why", async () => {
    await expect(api.composites.save({ document, composite: "gone" })).rejects.toThrow(/no composite “gone”/);
    const tower = document.composites?.tower;
    const inItself = {
      ...document,
      composites: {
        tower: {
          ...tower,
          nodes: { again: { type: "composite:tower", version: 1, params: {}, position: { x: 0, y: 0 } } },
        },
      },
    };
    await expect(api.composites.save({ document: inItself, composite: "tower" })).rejects.toThrow(/contains itself/);
  });
});
