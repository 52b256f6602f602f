import { describe, expect, it } from "vitest";
import { graph, tinyClip, tinyTower } from "#tests/kit/graphs";
import type { Composite, GraphDocument, Wire } from "./document";
import { addNode } from "./edits";
import { removeAndHeal } from "./healing";
import { fitsInto, insertion, passageThrough, portsFitting, withOutputMoved } from "./inserting";
import { make } from "./make-composite";
import { repairsOf } from "./repairs";
import { canConnect } from "./check";
import { changed } from "./site";

const written = (wires: readonly Wire[]) =>
  wires.map(({ from, to }) => `${from.node}.${from.port} -> ${to.node}.${to.port}`);
const wire = (text: string): Wire => graph({}, [text]).wires[0] as Wire;

describe("deleting nodes and healing", () => {
  it("wires what they fed to what fed them, through several of them", () => {
    const { document, drawn, lost } = removeAndHeal({ document: tinyClip() }, ["resize", "augment"]);
    // Pictures of any size do not enter a vision tower.
    expect(document.nodes.resize).toBeUndefined();
    expect([...written(drawn), ...written(lost)]).toHaveLength(1);
    const one = removeAndHeal({ document: tinyClip() }, ["augment"]);
    expect(written(one.drawn)).toEqual(["resize.image -> normalize.image"]);
    expect(one.lost).toEqual([]);
  });
  it("says what it could not heal: nothing of another type is wired", () => {
    const { drawn, lost } = removeAndHeal({ document: tinyTower() }, ["normalize"]);
    expect(drawn).toEqual([]);
    expect(written(lost)).toEqual(["normalize.pixels -> vision.pixels"]);
  });
  it("keeps the ports of a composite whose inside is healed", () => {
    const { document } = make(tinyTower(), ["resize", "normalize", "vision"], { title: "Tower" }) as {
      document: GraphDocument;
    };
    const healed = removeAndHeal({ document, composite: "tower" }, ["resize"]);
    const { inputs, wires } = healed.document.composites?.tower as Composite;
    expect(Object.keys(inputs)).toEqual(["image"]);
    expect(written(wires as Wire[])).toContain("@inputs.image -> normalize.image");
    expect(healed.document.wires).toEqual(document.wires);
  });
});

describe("a node put into a wire", () => {
  const between = wire("resize.image -> normalize.image");
  it("makes two of one where both fit", () => {
    const site = { document: addNode(tinyTower(), "image.augment", { x: 0, y: 0 }).document };
    const { passage } = passageThrough(site, between, "augment");
    expect(passage).toEqual({ input: "image", output: "image" });
    const { document } = changed(site, insertion(between, "augment", { input: "image", output: "image" }));
    expect(written(document.wires)).toContain("resize.image -> augment.image");
    expect(written(document.wires)).toContain("augment.image -> normalize.image");
    expect(document.wires).toHaveLength(6);
  });
  it("is refused with the reason where one does not", () => {
    const site = { document: addNode(tinyTower(), "model.projector", { x: 0, y: 0 }).document };
    expect(passageThrough(site, between, "projector_2").reason).toBe("It takes no image, which the wire brings.");
    expect(passageThrough(site, between, "normalize").reason).toMatch(/begins or ends/);
  });
  it("is looked for by the check, shapes included", () => {
    const site = { document: tinyTower() };
    expect(fitsInto(site, between, "image.augment")).toBe(true);
    expect(fitsInto(site, between, "image.normalize")).toBe(false);
    // A vision tower takes tensors, but no features of another tower; nor pictures that cannot be cut into its patches.
    const end = { node: "vision", port: "features", side: "source" } as const;
    expect(portsFitting(site, end, "model.projector")).toEqual(["features"]);
    expect(portsFitting(site, end, "model.vision-transformer")).toEqual([]);
    expect(portsFitting(site, { node: "normalize", port: "image", side: "target" }, "image.resize")).toEqual(["image"]);
    expect(portsFitting(site, { node: "normalize", port: "image", side: "target" }, "data.mnist")).toEqual([]);
  });
});

describe("all wires of an output", () => {
  it("are moved to another one, but for those that do not fit there", () => {
    const document = graph({ a: ["text.input"], b: ["text.input"], c: ["text.prompts"], d: ["text.prompts"] }, [
      "a.text -> c.text",
      "a.text -> d.text",
    ]);
    const moved = withOutputMoved({ document }, { node: "a", port: "text" }, { node: "b", port: "text" });
    expect(moved).toMatchObject({ moved: 2, refused: [] });
    expect(written(moved.document.wires)).toEqual(["b.text -> c.text", "b.text -> d.text"]);
    const looped = withOutputMoved({ document }, { node: "a", port: "text" }, { node: "c", port: "text" });
    expect(looped).toMatchObject({ moved: 1, refused: ["A node cannot feed itself."] });
  });
});

describe("repairs of a wire that does not fit", () => {
  it("put a projector of the width that the other side wants between", () => {
    const clip = tinyClip();
    const cut = { ...clip, wires: clip.wires.filter(({ to }) => to.node !== "scorer" || to.port !== "images") };
    const document = { ...cut, nodes: without(cut.nodes, ["image_projector", "image_norm"]) };
    const bare = {
      ...document,
      wires: document.wires.filter(({ from, to }) => from.node in document.nodes && to.node in document.nodes),
    };
    const refused = wire("vision.features -> scorer.images");
    expect(canConnect(bare, refused)).toMatch(/32/);
    const [repair] = repairsOf({ document: bare }, refused);
    expect(repair?.title).toBe("Insert Projector (width 16)");
    const { document: repaired } = changed({ document: bare }, repair?.change ?? ((now) => now));
    expect(written(repaired.wires)).toContain("projector.embedding -> scorer.images");
  });
  it("put a tokenizer between texts and an encoder, and what makes pixels between pictures and one", () => {
    const texts = graph({ prompts: ["text.prompts"], encoder: ["model.text-transformer"] });
    const titles = (document: GraphDocument, text: string) =>
      repairsOf({ document }, wire(text)).map(({ title }) => title);
    expect(titles(texts, "prompts.text -> encoder.ids")).toEqual(["Insert Tokenize"]);
    const pictures = graph({ data: ["data.emoji"], encoder: ["model.vision-transformer"] });
    expect(titles(pictures, "data.image -> encoder.pixels")).toEqual(["Insert Resize and Normalize"]);
  });
  it("of a wire that is plugged anew take it from where it was", () => {
    const document = graph({ data: ["data.emoji"], first: ["text.tokenize"], encoder: ["model.text-transformer"] }, [
      "data.name -> first.text",
    ]);
    const [repair] = repairsOf({ document }, wire("data.name -> encoder.ids"), document.wires[0]);
    expect(repair?.title).toBe("Insert Tokenize");
    const { document: repaired } = changed({ document }, repair?.change ?? ((now) => now));
    expect(written(repaired.wires).sort()).toEqual(["data.name -> tokenize.text", "tokenize.ids -> encoder.ids"]);
  });
  it("take another port of a composite", () => {
    const plain = graph(
      {
        normalize: ["image.normalize"],
        vision: ["model.vision-transformer"],
        projector: ["model.projector"],
        pool: ["model.pool-tokens"],
        loss: ["loss.cross-entropy"],
      },
      ["normalize.pixels -> vision.pixels", "vision.features -> projector.features", "vision.tokens -> pool.tokens"],
    );
    const { document } = make(plain, ["normalize", "vision"], { title: "Tower" }) as { document: GraphDocument };
    expect(repairsOf({ document }, wire("tower.tokens -> loss.logits"))[0]?.title).toBe("Take “features” instead");
  });
  it("take another port of the same nodes, or several nodes, and find nothing where nothing helps", () => {
    const tower = { ...tinyTower(), wires: tinyTower().wires.filter(({ to }) => to.node !== "vision") };
    expect(repairsOf({ document: tower }, wire("resize.image -> vision.pixels"))[0]?.title).toBe("Insert Normalize");
    const classes = graph({ v: ["model.vision-transformer"], loss: ["loss.cross-entropy"], d: ["data.mnist"] });
    expect(repairsOf({ document: classes }, wire("d.label -> loss.labels"))[0]?.title).toBe("Insert Label ids");
    expect(repairsOf({ document: classes }, wire("v.tokens -> loss.logits")).map(({ title }) => title)).toContain(
      "Take “features” instead",
    );
    expect(repairsOf({ document: classes }, wire("d.label -> v.weights"))).toEqual([]);
    expect(repairsOf({ document: tower }, wire("vision.features -> vision.pixels"))).toEqual([]);
  });
});

function without(nodes: GraphDocument["nodes"], ids: readonly string[]): GraphDocument["nodes"] {
  return Object.fromEntries(Object.entries(nodes).filter(([id]) => !ids.includes(id)));
}
