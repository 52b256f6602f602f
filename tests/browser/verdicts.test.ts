/** What is said of wires while they are held, and what becomes of them: which fit, which do not, and why. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { make } from "#nodes/graph/make-composite";
import { browser, product, withOwnProduct } from "../kit/browser";
import {
  chooseNodes,
  dragBetween,
  hasParts,
  hears,
  middleOf,
  openCanvas,
  type Point,
  savedGraph,
  wiresOf,
} from "../kit/canvas";
import { graph } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withOwnProduct();

/** Pictures, a text, an encoder of 32 numbers a row, and a scorer that has 16 of the other side. */
function varied(): GraphDocument {
  const document = graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit: 8 }],
      resize: ["image.resize", { width: 16, height: 16 }],
      normalize: ["image.normalize"],
      vision: ["model.vision-transformer", { scope: "images", patch: 8, width: 32, layers: 1, heads: 2 }],
      prompts: ["text.prompts"],
      projector: ["model.projector", { scope: "texts", width: 16 }],
      scorer: ["model.contrastive-scorer"],
    },
    [
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "vision.features -> projector.features",
      "projector.embedding -> scorer.texts",
    ],
  );
  const places = {
    data: [0, 0],
    resize: [560, 0],
    normalize: [1120, 0],
    vision: [1680, 0],
    prompts: [560, 420],
    projector: [1680, 420],
    scorer: [2240, 200],
  };
  for (const [id, [x, y]] of Object.entries(places))
    Object.assign(document.nodes[id] as object, { position: { x, y } });
  return document;
}

async function openGraph(document: GraphDocument) {
  const { page, errors } = await openPage(browser);
  await openCanvas(page, await createGraph(product.url, document));
  return { page, errors };
}

const output = (port: string) => `[aria-label="output ${port}"]`;
const input = (port: string) => `[aria-label="input ${port}"]`;

/** Takes hold of something and holds it over a port. */
async function holdOver(page: Page, from: Point, port: string): Promise<void> {
  const over = await middleOf(page, port);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + over.x) / 2, (from.y + over.y) / 2, { steps: 6 });
  await page.mouse.move(over.x, over.y, { steps: 6 });
}

/** Where a wire's end is held, before its input. */
async function endAt(page: Page, port: string): Promise<Point> {
  const { x, y } = await middleOf(page, port);
  return { x: x - 9, y };
}

const isUndoable = (page: Page) => page.isEnabled('header [aria-label="Undo"]');

describe("a wire that is held over a port", () => {
  it("is told why it does not fit before it is let go, and the port is not lit", async () => {
    const { page, errors } = await openGraph(varied());
    const cases: [from: string, to: string, reason: RegExp][] = [
      ["resize.image", "resize.image", /A node cannot feed itself/],
      ["prompts.text", "resize.image", /resize\.image expects image, but prompts\.text gives text/],
      ["vision.features", "scorer.images", /16.*32|32.*16/],
      ["scorer.logits", "vision.pixels", /circle|cycle/i],
      ["resize.image", "normalize.image", /wired to each other already/],
    ];
    for (const [from, to, reason] of cases) {
      await holdOver(page, await middleOf(page, output(from)), input(to));
      await page.waitForSelector("[data-refusal-tip]");
      expect(await page.textContent("[data-refusal-tip]")).toMatch(reason);
      expect(await page.getAttribute(input(to), "data-fit")).toBe("no");
      await page.mouse.up();
      await page.waitForSelector("[data-refusal]");
      expect(await page.textContent("[data-refusal]")).toMatch(reason);
      await page.keyboard.press("Escape");
      await page.waitForSelector("[data-refusal]", { state: "detached" });
      await hasParts(page, 7, 5);
    }
    expect(await isUndoable(page)).toBe(false);

    await holdOver(page, await middleOf(page, output("data.image")), input("normalize.image"));
    expect(await page.getAttribute(input("normalize.image"), "data-fit")).toBe("yes");
    expect(await page.getAttribute(input("scorer.images"), "data-fit")).toBe("no");
    expect(await page.locator("[data-refusal-tip]").count()).toBe(0);
    await page.mouse.up();
    await hears(page, "Wired: data.image to normalize.image.");
    // An input of one wire has the new one instead of the old, in one step.
    const now = wiresOf(await savedGraph(page));
    expect(now).toContain("data.image -> normalize.image");
    expect(now).not.toContain("resize.image -> normalize.image");
    await page.keyboard.press("Control+z");
    await hasParts(page, 7, 5);
    expect(wiresOf(await savedGraph(page))).toEqual(wiresOf(varied()));
    expect(errors).toEqual([]);
    await page.close();
  });

  it("is mended by one press, where it is known what fits between", async () => {
    const { page, errors } = await openGraph(varied());
    await dragBetween(
      page,
      await middleOf(page, output("vision.features")),
      await middleOf(page, input("scorer.images")),
    );
    expect(await page.locator("[data-refusal] [data-differs]").allTextContents()).toEqual(["E = 32", "16"]);
    await page.click('[data-refusal] button:has-text("Insert Projector (width 16)")');
    await hasParts(page, 8, 7);
    const now = await savedGraph(page);
    expect(wiresOf(now)).toContain("projector_2.embedding -> scorer.images");
    expect(now.nodes.projector_2?.params.width).toBe(16);
    await page.keyboard.press("Control+z");
    await hasParts(page, 7, 5);
    expect(errors).toEqual([]);
    await page.close();
  });

  it("may go back to where it was, and is judged as if it were not there", async () => {
    const { page, errors } = await openGraph(varied());
    await holdOver(page, await endAt(page, input("normalize.image")), input("resize.image"));
    await page.mouse.up();
    await page.waitForSelector("[data-refusal]");
    expect(await page.textContent("[data-refusal]")).toMatch(/cannot feed itself/);
    await page.keyboard.press("Escape");
    await holdOver(page, await endAt(page, input("normalize.image")), input("vision.pixels"));
    await page.mouse.up();
    await page.click('[data-refusal] button:has-text("Insert Normalize")');
    // Its wire is gone, and so is what came into the port before.
    await hasParts(page, 8, 5);
    expect(wiresOf(await savedGraph(page))).not.toContain("resize.image -> normalize.image");
    await page.keyboard.press("Control+z");
    await hasParts(page, 7, 5);
    const away = await middleOf(page, input("prompts.text"));
    const end = await endAt(page, input("normalize.image"));
    await page.mouse.move(end.x, end.y);
    await page.mouse.down();
    await page.mouse.move(away.x, away.y, { steps: 8 });
    await page.mouse.move(end.x + 9, end.y, { steps: 8 });
    await page.mouse.up();
    await hasParts(page, 7, 5);
    expect(await isUndoable(page)).toBe(false);
    expect(wiresOf(await savedGraph(page))).toEqual(wiresOf(varied()));
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("a bend", () => {
  it("decides nothing: the real source is what is judged, and the wire stays when the bend goes", async () => {
    const document = varied();
    const bent = document.wires.find(({ to }) => to.node === "resize");
    Object.assign(bent as object, { via: [{ x: 400, y: 260 }] });
    const { page, errors } = await openGraph(document);
    await holdOver(page, await endAt(page, input("resize.image")), input("prompts.text"));
    await page.mouse.up();
    await page.waitForSelector("[data-refusal]");
    expect(await page.textContent("[data-refusal]")).toMatch(/prompts\.text expects text, but data\.image gives image/);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Bend of the wire" }).focus();
    await page.keyboard.press("Delete");
    await page.getByRole("button", { name: "Bend of the wire" }).waitFor({ state: "detached" });
    expect((await savedGraph(page)).wires.filter(({ via }) => via)).toEqual([]);
    await hasParts(page, 7, 5);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("the boundary of a composite", () => {
  /** The encoder with what it needs is one composite, into which nothing comes yet; a text is beside it inside. */
  function withTower(): GraphDocument {
    const made = make(varied(), ["normalize", "vision", "prompts"], { title: "Tower" });
    const { document } = made as { document: GraphDocument };
    const tower = Object.keys(document.composites ?? {})[0] ?? "";
    Object.assign(document.nodes[tower] as object, { position: { x: 1120, y: 0 } });
    return { ...document, wires: document.wires.filter(({ to }) => to.node !== tower) };
  }

  it("without a source is bound by what reads it, and with one by that", async () => {
    const document = withTower();
    const [port = ""] = Object.keys(document.composites?.tower?.inputs ?? {});
    const { page, errors } = await openGraph(document);
    await holdOver(page, await middleOf(page, output("data.name")), input(`tower.${port}`));
    await page.waitForSelector("[data-refusal-tip]");
    expect(await page.textContent("[data-refusal-tip]")).toMatch(/expects image, but data\.name gives text/);
    await page.mouse.up();
    await page.keyboard.press("Escape");
    await dragBetween(page, await middleOf(page, output("data.image")), await middleOf(page, input(`tower.${port}`)));
    await hears(page, `Wired: data.image to tower.${port}.`);

    await page.dblclick('[data-node="tower"] > div >> nth=0', { position: { x: 14, y: 8 } });
    await page.waitForSelector("[data-boundary=inputs]");
    await page.keyboard.press("1");
    await page.waitForTimeout(400);
    await holdOver(page, await middleOf(page, output(`@inputs.${port}`)), input("prompts.text"));
    await page.waitForSelector("[data-refusal-tip]");
    expect(await page.textContent("[data-refusal-tip]")).toMatch(/expects text, but .* gives image/);
    await page.mouse.up();
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("deleting with Ctrl", () => {
  it("heals each wire that fits, and says which input got none", async () => {
    const { page, errors } = await openGraph(varied());
    await chooseNodes(page, "normalize");
    await page.keyboard.press("Control+Delete");
    await hears(page, "Healed: 0 wires.");
    await page.waitForSelector("text=Not healed: vision.pixels.");
    await hasParts(page, 6, 3);
    await page.keyboard.press("Control+z");
    await hasParts(page, 7, 5);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("a file with wires to what is not there", () => {
  it("opens with all else, and says which node and port they name", async () => {
    const document = varied();
    document.wires.push(
      { from: { node: "gone", port: "image" }, to: { node: "prompts", port: "text" } },
      { from: { node: "data", port: "image" }, to: { node: "scorer", port: "pictures" } },
    );
    const { page, errors } = await openGraph(document);
    await hasParts(page, 7, 5);
    await page.click("[data-problems]");
    const list = page.locator('[role=dialog][aria-label="Problems"]');
    await list.waitFor();
    expect(await list.textContent()).toMatch(/gone/);
    expect(await list.textContent()).toMatch(/pictures/);
    await page.keyboard.press("Escape");
    expect(errors).toEqual([]);
    await page.close();
  });
});
