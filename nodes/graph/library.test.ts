import { describe, expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { changesBetween } from "./changes";
import { publish, renamePort, within } from "./composite-edits";
import type { GraphDocument } from "./document";
import { addNode, connect, excerpt, paste, setParam } from "./edits";
import { type LibraryEntry, savedFrom, updatedTo, withEntry, withOrigin } from "./library";
import { make } from "./make-composite";
import { parseText } from "./parse";

const id = "018f0000-0000-7000-8000-000000000001";
const plain = graph({ vision: ["model.vision-transformer", { patch: 8, width: 32 }], norm: ["model.l2-normalize"] }, [
  "vision.features -> norm.embedding",
]);
const inner = make(plain, ["vision"], { title: "Encoder" })?.document as GraphDocument;
const outer = make(inner, ["encoder", "norm"], { title: "Tower" })?.document as GraphDocument;

function entry(document: GraphDocument, version: number): LibraryEntry {
  const saved = savedFrom(document, "tower");
  if (!saved) throw new Error("nothing was saved");
  return { id, version, ...saved };
}

describe("the library", () => {
  it("keeps a composite with all that lies in it, and not where it came from", () => {
    const saved = savedFrom(withOrigin(outer, "tower", { id, version: 3 }), "tower");
    expect(Object.keys(saved?.composites ?? {})).toEqual(["tower", "encoder"]);
    expect(saved?.composites.tower?.origin).toBeUndefined();
    expect(savedFrom(outer, "gone")).toBeUndefined();
  });

  it("gives graphs copies that say what they are of; the same version once", () => {
    const { document, composite } = withEntry(graph({}), entry(outer, 1));
    expect(document.nodes).toEqual({});
    expect(document.composites?.[composite]).toMatchObject({ title: "Tower", origin: { id, version: 1 } });
    expect(withEntry(document, entry(outer, 1))).toEqual({ document, composite });
    const other = { ...graph({}), composites: inner.composites };
    expect(Object.keys(withEntry(other, entry(outer, 1)).document.composites ?? {})).toEqual(["encoder", "tower"]);
  });

  it("brings a copy up to date, with the values and wires of its instances that still mean something", () => {
    const published = publish(publish(outer, "tower", "encoder", "scope"), "encoder", "vision", "width");
    const wide = withEntry(graph({ vision: ["model.l2-normalize"] }), entry(published, 1));
    const placed = addNode(wide.document, `composite:${wide.composite}`, { x: 0, y: 0 });
    const valued = setParam(placed.document, placed.id, "encoder_scope", "mine");
    const later = within(outer, "tower", (inside) => setParam(inside, "norm", "epsilon", 1));
    const updated = updatedTo(valued, wide.composite, entry(later, 2));
    expect(updated.composites?.[wide.composite]).toMatchObject({ origin: { id, version: 2 }, params: {} });
    expect(updated.nodes[placed.id]?.params.encoder_scope).toBeUndefined();
    expect(updated.composites?.[wide.composite]?.nodes.norm?.params.epsilon).toBe(1);
    expect(Object.keys(updated.composites ?? {}).filter((name) => name.startsWith("tower"))).toEqual(["tower"]);
  });

  it("is the origin of a copy through edits, files and copies, and inside of other composites", () => {
    const origin = { id, version: 1 };
    const { document, composite } = withEntry(graph({}), entry(outer, 1));
    const placed = addNode(document, `composite:${composite}`, { x: 0, y: 0 });
    const edited = within(placed.document, composite, (inside) => setParam(inside, "norm", "epsilon", 1));
    expect(edited.composites?.[composite]?.origin).toEqual(origin);
    const around = make(edited, [placed.id], { title: "Around" })?.document as GraphDocument;
    const { document: read } = parseText(JSON.stringify(around));
    expect(read?.composites?.[composite]?.origin).toEqual(origin);
    const elsewhere = paste(graph({}), excerpt(around, ["around"]), { x: 0, y: 0 }).document;
    expect(elsewhere.composites?.[composite]?.origin).toEqual(origin);
    // What lies in the entry is a part of it, and has no origin of its own.
    expect(Object.values(elsewhere.composites ?? {}).filter((each) => each.origin)).toHaveLength(1);
    // Of the other composite that is saved with it inside, the copy stays one.
    expect(savedFrom(around, "around")?.composites[composite]?.origin).toEqual(origin);
  });

  it("says in what two versions differ, as of any two graphs", () => {
    const wired = within(outer, "tower", (inside) =>
      connect(inside, { from: { node: "norm", port: "embedding" }, to: { node: "@outputs", port: "embedding" } }),
    );
    const later = renamePort(
      within(wired, "tower", (inside) =>
        setParam(addNode(inside, "model.l2-normalize", { x: 9, y: 9 }).document, "norm", "epsilon", 1),
      ),
      "tower",
      "outputs",
      "embedding",
      "unit",
    );
    const told = (before: GraphDocument, after: GraphDocument) =>
      changesBetween(before, after).map(({ kind, path }) => `${kind} ${path.slice(2).join(" ")}`);
    expect(told(wired, later)).toEqual([
      "added nodes norm params epsilon",
      "added nodes l2_normalize",
      "removed wires norm.embedding → @outputs.embedding",
      "added wires norm.embedding → @outputs.unit",
      "removed outputs embedding",
      "added outputs unit",
    ]);
    const moved = within(outer, "tower", (inside) => ({
      ...inside,
      nodes: {
        ...inside.nodes,
        norm: { ...(inside.nodes.norm as GraphDocument["nodes"][string]), position: { x: 1, y: 1 } },
      },
    }));
    expect(told(outer, moved)).toEqual([]);
  });
});
