/** Commands of the editor by their keys, the palette and menus, and what is left as it was chosen. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { browser, product, withBrowser } from "../kit/browser";
import {
  atRest,
  chooseNodes,
  dragBetween,
  hasParts,
  hears,
  openCanvas,
  runToEnd,
  savedGraph,
  wiresOf,
} from "../kit/canvas";
import { graph } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withBrowser();

/** Pictures made smaller in two ways, one of which is normalized. */
function small(): GraphDocument {
  const document = graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit: 6 }],
      resize: ["image.resize", { width: 48, height: 48 }],
      again: ["image.resize", { width: 24, height: 24 }],
      normalize: ["image.normalize"],
    },
    ["data.image -> resize.image", "data.image -> again.image", "resize.image -> normalize.image"],
  );
  const places = { data: [0, 0], resize: [400, 0], again: [456, 400], normalize: [800, 8] };
  for (const [id, [x, y]] of Object.entries(places))
    Object.assign(document.nodes[id] as object, { position: { x, y } });
  return document;
}

async function openSmall() {
  const { page, errors } = await openPage(browser);
  await openCanvas(page, await createGraph(product.url, small()));
  return { page, errors };
}

const statusOf = (page: Page, node: string) => page.getAttribute(`[data-node="${node}"]`, "data-status");

async function boxOf(page: Page, node: string) {
  const box = await page.locator(`.react-flow__node[data-id="${node}"]`).boundingBox();
  if (!box) throw new Error(`${node} is not on the screen`);
  return box;
}

const chosenIn = async (page: Page) =>
  (await page.locator(".react-flow__node.selected").evaluateAll((all) => all.map((each) => each.dataset.id))).sort();

/** Runs a command by its name, from the palette. */
async function command(page: Page, name: string): Promise<void> {
  await choose(page, name);
  await page.waitForSelector("[cmdk-input]", { state: "detached" });
}

/** Chooses a command from the palette, which may open another list. */
async function choose(page: Page, name: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.waitForSelector("[cmdk-input]");
  await page.keyboard.type(name);
  await page.waitForSelector(`[cmdk-item][aria-selected=true]:has-text("${name}")`);
  await page.keyboard.press("Enter");
}

const positionsOf = async (page: Page) => {
  await page.waitForSelector("[data-saved=unsaved], [data-saved=saving]");
  const { nodes } = await savedGraph(page);
  return Object.fromEntries(Object.entries(nodes).map(([id, { position }]) => [id, position]));
};

describe("nodes", () => {
  it("that are muted are not run, nor what follows them; bypassed they hand on what comes in", async () => {
    const { page, errors } = await openSmall();
    await chooseNodes(page, "resize");
    await page.keyboard.press("Control+m");
    await hears(page, "Muted.");
    await page.waitForSelector('[data-node="normalize"]:has-text("skipped")');
    await runToEnd(page);
    expect(await statusOf(page, "again")).toBe("done");
    expect(["done", "cached"]).not.toContain(await statusOf(page, "normalize"));
    await page.keyboard.press("Control+m");
    await hears(page, "No longer muted.");
    await page.keyboard.press("Control+b");
    await hears(page, "Bypassed.");
    await page.keyboard.press("d");
    await hears(page, "No longer bypassed.");
    await chooseNodes(page, "again");
    await page.keyboard.press("d");
    await hears(page, "Bypassed.");
    await runToEnd(page);
    expect(await statusOf(page, "normalize")).toBe("done");
    await expect.poll(() => page.textContent('[data-node="normalize"]')).toContain("3, 48, 48]");
    expect((await savedGraph(page)).nodes.again?.off).toBe("bypassed");
    expect(errors).toEqual([]);
    await page.close();
  });

  it("are walked, gathered and found; what is found is chosen and in view", async () => {
    const { page, errors } = await openSmall();
    await chooseNodes(page, "data");
    await page.keyboard.press("ArrowRight");
    await hears(page, "Resize");
    await chooseNodes(page, "data");
    await page.keyboard.press("Shift+ArrowRight");
    await hears(page, "Chosen: 4 nodes.");
    // A drag with Ctrl chooses what it goes around, a click with it one more.
    await page.keyboard.press("Escape");
    const [first, last] = [await boxOf(page, "resize"), await boxOf(page, "normalize")];
    const low = Math.max(first.y + first.height, last.y + last.height) + 8;
    await dragBetween(page, { x: first.x - 8, y: first.y - 8 }, { x: last.x + last.width + 8, y: low }, ["Control"]);
    await expect.poll(() => chosenIn(page)).toEqual(["normalize", "resize"]);
    await page.click('[data-node="again"] > div >> nth=0', { modifiers: ["Control"], position: { x: 14, y: 8 } });
    await expect.poll(() => chosenIn(page)).toEqual(["again", "normalize", "resize"]);
    await chooseNodes(page, "normalize");
    await page.keyboard.press("Shift+ArrowLeft");
    await hears(page, "Chosen: 3 nodes.");
    await page.keyboard.press("Control+f");
    await page.waitForSelector('[placeholder^="Titles, types"]:focus');
    await page.keyboard.type("height 24");
    await page.waitForSelector('[data-hits]:has-text("of 1")');
    await page.keyboard.press("Enter");
    await page.waitForSelector('.react-flow__node.selected[data-id="again"]');
    await page.keyboard.press("Escape");
    await page.waitForSelector("[data-hits]", { state: "detached" });
    expect(errors).toEqual([]);
    await page.close();
  });

  it("are aligned, given equal gaps, moved by steps and arranged, each in one step", async () => {
    const { page, errors } = await openSmall();
    const before = small().nodes;
    await chooseNodes(page, "resize", "again");
    await command(page, "Align left edges");
    const aligned = await positionsOf(page);
    expect(aligned.again).toEqual({ x: 400, y: 400 });
    expect(aligned.resize).toEqual(before.resize?.position);
    await page.keyboard.press("Control+z");
    expect((await positionsOf(page)).again).toEqual(before.again?.position);
    await chooseNodes(page, "data", "resize", "normalize");
    await command(page, "Align upper edges");
    expect((await positionsOf(page)).normalize?.y).toBe(0);
    await chooseNodes(page, "again");
    await page.keyboard.press("Control+Shift+ArrowRight");
    expect((await positionsOf(page)).again?.x).toBe(456 + 80);
    await chooseNodes(page, "data", "resize", "again");
    await command(page, "Equal gaps across");
    const apart = await positionsOf(page);
    // From 0 to 536 and a card's width: of the three cards there are 28 pixels between each two.
    expect([apart.data?.x, apart.resize?.x, apart.again?.x]).toEqual([0, 268, 536]);
    expect(apart.resize?.y).toBe(before.resize?.position.y);
    // Two that are chosen are arranged, and nothing else.
    await chooseNodes(page, "resize", "normalize");
    await page.keyboard.press("Alt+Shift+t");
    const arranged = await positionsOf(page);
    expect(arranged.data).toEqual(before.data?.position);
    expect(arranged.again).toEqual({ x: 536, y: 400 });
    await page.keyboard.press("Escape");
    await page.keyboard.press("Alt+Shift+t");
    const all = await positionsOf(page);
    expect(all.data?.x).toBeLessThan(all.resize?.x ?? 0);
    expect(all.resize?.x).toBeLessThan(all.normalize?.x ?? 0);
    for (let step = 0; step < 6; step++) await page.keyboard.press("Control+z");
    await page.waitForTimeout(300);
    expect(await page.isEnabled('header [aria-label="Undo"]')).toBe(false);
    expect((await savedGraph(page)).nodes).toEqual(before);
    expect(errors).toEqual([]);
    await page.close();
  });

  it("are found by words of other tools, say their ports, and come first where starred or added last", async () => {
    const { page, errors } = await openSmall();
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-palette"));
    await page.focus('[placeholder="Search nodes"]');
    await page.keyboard.type("nn.linear");
    await expect.poll(() => page.locator("[data-palette]").count()).toBe(1);
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe("model.linear");
    expect(await page.textContent('[data-ports-card="model.linear"]')).toMatch(/Takes.*tensor float32.*Gives/s);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForSelector('[aria-label="Take Linear out of the favourites"]');
    await page.fill('[placeholder="Search nodes"]', "resize");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe("image.min-max-resize");
    await page.keyboard.press("Enter");
    await hasParts(page, 5, 3);
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.type("-no-such");
    await page.waitForSelector("text=No node is called that.");

    await page.reload();
    const first = (section: string) =>
      page.locator(`section[aria-label="${section}"] [data-palette]`).first().getAttribute("data-palette");
    expect(await first("Favourites")).toBe("model.linear");
    expect(await first("Recent")).toBe("image.min-max-resize");
    await page.waitForSelector('[data-node="resize"]');
    await page.keyboard.press("n");
    await page.waitForSelector('[cmdk-item][aria-selected="true"][data-value="model.linear"]');
    await page.keyboard.press("ArrowDown");
    await page.waitForSelector('[cmdk-item][aria-selected="true"][data-value="image.min-max-resize"]');
    await page.waitForSelector('[data-ports-card="image.min-max-resize"]:has-text("image [N, *, *]")');
    await page.keyboard.type("checkpointloader");
    await page.waitForSelector('[cmdk-item][aria-selected="true"][data-value="weights.load"]');
    await page.keyboard.press("Escape");
    expect(errors).toEqual([]);
    await page.close();
  });

  it("are copied with the wires that come in, or without", async () => {
    const { page, errors } = await openSmall();
    await chooseNodes(page, "again");
    await page.keyboard.press("Control+c");
    await hears(page, "Copied: 1 node.");
    await page.keyboard.press("Control+v");
    await hasParts(page, 5, 3);
    await page.keyboard.press("Control+Shift+v");
    await hasParts(page, 6, 4);
    expect(wiresOf(await savedGraph(page)).filter((wire) => wire.startsWith("data.image"))).toHaveLength(3);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("the palette of commands", () => {
  it("begins with what was chosen last, adds nodes, opens graphs; wires of others than the chosen fade", async () => {
    const { page, errors } = await openSmall();
    const other = await createGraph(product.url, { ...small(), name: "The other graph" });
    const item = page.locator("[cmdk-item]");
    await command(page, "Choose all");
    await page.keyboard.press("Control+k");
    expect(await item.first().textContent()).toContain("Choose all");
    expect(await page.locator("[cmdk-group-heading]").first().textContent()).toBe("Recent");
    await page.keyboard.type("nn.linear");
    await page.waitForSelector('[cmdk-item][aria-selected="true"]:has-text("Linear")');
    await page.keyboard.press("Enter");
    await hasParts(page, 5, 3);

    await chooseNodes(page, "again");
    const opacity = (wire: string) =>
      page
        .locator(`.react-flow__edge[data-id="${wire}"] .react-flow__edge-path`)
        .evaluate((path) => getComputedStyle(path).opacity);
    await page.waitForSelector(".wire-chosen", { state: "attached" });
    expect(await opacity("data.image → again.image")).toBe("1");
    expect(await opacity("resize.image → normalize.image")).toBe("0.4");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".wire-chosen", { state: "detached" });
    expect(await opacity("resize.image → normalize.image")).toBe("1");

    await page.keyboard.press("Control+k");
    await page.keyboard.type("the other graph");
    await page.waitForSelector('[cmdk-item][aria-selected="true"]:has-text("The other graph")');
    await page.keyboard.press("Enter");
    await page.waitForURL(other);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("frames and notes", () => {
  it("are added by keys, all shut and opened at once, and taken away", async () => {
    const { page, errors } = await openSmall();
    await page.keyboard.press("Shift+s");
    await page.waitForSelector('section[aria-label="Note"]');
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+z");
    await page.waitForSelector('section[aria-label="Note"]', { state: "detached" });
    await chooseNodes(page, "resize", "normalize");
    await page.keyboard.press("Control+g");
    await hears(page, "Put into a frame.");
    await page.keyboard.press("Alt+g");
    await hasParts(page, 2, 2);
    await page.keyboard.press("Alt+Shift+g");
    await hasParts(page, 4, 3);
    await page.fill('aside input[aria-label="Width"]', "900");
    await page.keyboard.press("Enter");
    await expect.poll(async () => (await savedGraph(page)).frames?.frame?.size.width).toBe(900);
    await chooseNodes(page, "again");
    await choose(page, "Put into another frame");
    await page.waitForSelector('[placeholder="Which frame?"]:focus');
    await page.keyboard.type("frame");
    await page.keyboard.press("Enter");
    await hears(page, "Put into the frame Frame.");
    await expect.poll(async () => (await savedGraph(page)).nodes.again?.frame).toBe("frame");
    await page.keyboard.press("Control+Shift+g");
    await page.waitForSelector('section[aria-label^="Frame"]', { state: "detached" });
    await hasParts(page, 4, 3);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("the view", () => {
  it("is hidden in parts, which is kept for the next time, and brought near and far by keys", async () => {
    const { page, errors } = await openSmall();
    const zoom = async () => {
      await atRest(page);
      const style = await page.getAttribute(".react-flow__viewport", "style");
      return Number(/scale\(([\d.]+)\)/.exec(style ?? "")?.[1]);
    };
    await page.keyboard.press("0");
    expect(await zoom()).toBe(1);
    await page.keyboard.press("+");
    expect(await zoom()).toBeCloseTo(1.25, 3);
    await page.keyboard.press("-");
    expect(await zoom()).toBeCloseTo(1, 3);
    await chooseNodes(page, "resize");
    await page.keyboard.press("Shift+1");
    await atRest(page);
    const box = await page.locator('[data-node="resize"]').boundingBox();
    expect(Math.abs((box?.x ?? 0) + (box?.width ?? 0) / 2 - 720)).toBeLessThan(160);

    const inspectorWidth = async () => (await page.locator('aside[aria-label="Inspector"]').boundingBox())?.width;
    const narrow = (await inspectorWidth()) ?? 0;
    await page.focus('[role="separator"][aria-label="Width of Inspector"]');
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    expect(await inspectorWidth()).toBe(narrow + 32);
    await chooseNodes(page, "resize");

    await page.waitForSelector(".react-flow__minimap");
    await page.keyboard.press("Alt+m");
    await page.waitForSelector(".react-flow__minimap", { state: "detached" });
    await page.keyboard.press("\\");
    await page.waitForSelector('aside[aria-label="Inspector"]', { state: "hidden" });
    await page.waitForSelector('aside[aria-label="Nodes"]', { state: "hidden" });
    await page.reload();
    await page.waitForSelector('[data-node="resize"]');
    await page.waitForTimeout(900);
    expect(await page.locator(".react-flow__minimap").count()).toBe(0);
    expect(await page.isVisible('aside[aria-label="Inspector"]')).toBe(false);
    await page.keyboard.press("\\");
    await page.waitForSelector('aside[aria-label="Inspector"]');
    expect(await inspectorWidth()).toBe(narrow + 32);
    await page.keyboard.press("Alt+m");
    await page.waitForSelector(".react-flow__minimap");
    await page.keyboard.press("?");
    await page.waitForSelector('[role="dialog"]:has-text("Stop the run")');
    expect(errors).toEqual([]);
    await page.close();
  });

  it("has menus of its own, of nodes, of several, of wires and of ports", async () => {
    const { page, errors } = await openSmall();
    const wire = await page.evaluate(() => {
      const path = document.querySelector<SVGPathElement>(
        '.react-flow__edge[data-id="data.image → resize.image"] .react-flow__edge-path',
      );
      const at = path?.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM() ?? undefined);
      return { x: at?.x ?? 0, y: at?.y ?? 0 };
    });
    const menuOf = async (open: () => Promise<void>) => {
      await open();
      await page.waitForSelector("[data-menu]");
      const kind = await page.getAttribute("[data-menu]", "data-menu");
      const entries = await page.locator('[data-menu] [role="menuitem"]').count();
      await page.keyboard.press("Escape");
      await page.waitForSelector("[data-menu]", { state: "detached" });
      expect(entries).toBeGreaterThan(1);
      return kind;
    };
    const kinds = [
      await menuOf(() => page.click(".react-flow__pane", { button: "right", position: { x: 20, y: 300 } })),
      await menuOf(() => page.click('[data-node="again"] > div >> nth=0', { button: "right" })),
      await menuOf(() => page.mouse.click(wire.x, wire.y, { button: "right" })),
      await menuOf(() => page.click('[aria-label="output data.name"]', { button: "right" })),
    ];
    // What is locked by its menu cannot be dragged.
    await page.waitForSelector('.react-flow__node.draggable[data-id="again"]');
    await page.click('[data-node="again"] > div >> nth=0', { button: "right" });
    await page.click('[role="menuitem"]:has-text("Lock the place")');
    await page.waitForSelector('.react-flow__node:not(.draggable)[data-id="again"]:has-text("locked")');
    await page.keyboard.press("Control+a");
    kinds.push(await menuOf(() => page.click('[data-node="again"] > div >> nth=0', { button: "right" })));
    expect(new Set(kinds).size).toBeGreaterThanOrEqual(4);

    // What stands on a wire is the wire, too; and so is its line where the whole graph is one drawing.
    const boxOf = async () =>
      (await page.locator('[data-node="data"]:visible').boundingBox()) as { x: number; y: number; width: number };
    const near = await boxOf();
    await page.mouse.move(wire.x, wire.y);
    await page.waitForSelector("[data-wire-label]");
    expect(await menuOf(() => page.click("[data-wire-label]", { button: "right" }))).toBe("wire");
    await page.mouse.move(near.x - 10, near.y - 10);
    for (let i = 0; i < 12; i++) await page.mouse.wheel(0, 200);
    await page.waitForSelector("canvas[data-far]");
    await page.waitForTimeout(300);
    expect(await page.locator('[data-node="data"]:visible').count()).toBe(1);
    const far = await boxOf();
    const scaled = (at: number, from: number, to: number) => to + ((at - from) * far.width) / near.width;
    const place = { x: scaled(wire.x, near.x, far.x), y: scaled(wire.y, near.y, far.y) };
    expect(await menuOf(() => page.mouse.click(place.x, place.y, { button: "right" }))).toBe("wire");
    expect(await menuOf(() => page.mouse.click(place.x, place.y - 60, { button: "right" }))).toBe("pane");
    expect(errors).toEqual([]);
    await page.close();
  });
});
