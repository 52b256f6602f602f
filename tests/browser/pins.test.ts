/** Results that are pinned inside of composites: in one instance of them, and nowhere else. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { excerpt, paste } from "#nodes/graph/edits";
import { make } from "#nodes/graph/make-composite";
import { browser, product, withOwnProduct } from "../kit/browser";
import { atRest, hasParts, openCanvas, runToEnd, savedGraph } from "../kit/canvas";
import { graph } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withOwnProduct();

/** Two instances of a composite that makes pictures smaller, each with its own width. */
function twoTowers(): GraphDocument {
  const plain = graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit: 5 }],
      resize: ["image.resize", { width: 24, height: 24 }],
      normalize: ["image.normalize"],
    },
    ["data.image -> resize.image", "resize.image -> normalize.image"],
  );
  Object.assign(plain.nodes.normalize as object, { position: { x: 400, y: 0 } });
  const { document } = make(plain, ["resize", "normalize"], { title: "Tower" }) as { document: GraphDocument };
  const source = { from: { node: "data", port: "image" } };
  const pasted = paste(document, excerpt(document, ["tower"]), { x: 0, y: 400 }).document;
  const both = {
    ...pasted,
    wires: [...document.wires, ...document.wires.map(({ to }) => ({ ...source, to: { ...to, node: "tower_2" } }))],
  };
  Object.assign(both.nodes.data as object, { position: { x: 0, y: 0 } });
  Object.assign(both.nodes.tower as object, { position: { x: 400, y: 0 } });
  Object.assign(both.nodes.tower_2 as object, { position: { x: 400, y: 300 } });
  return both;
}

const pinMark = (node: string) => `[data-node="${node}"] [aria-label^="Pinned"]`;
const statusOf = (page: Page, node: string) => page.getAttribute(`[data-node="${node}"]`, "data-status");

async function open(page: Page, instance: string): Promise<void> {
  await page.dblclick(`[data-node="${instance}"] > div >> nth=0`, { position: { x: 14, y: 8 } });
  await page.waitForSelector('[data-node="resize"]');
  await page.keyboard.press("1");
  await atRest(page);
}

/** Chooses a node of what is open; Escape would leave that where nothing is chosen. */
async function choose(page: Page, node: string): Promise<void> {
  await page.click(`[data-node="${node}"] > div >> nth=0`, { position: { x: 14, y: 8 } });
  await page.waitForSelector(`.react-flow__node.selected[data-id="${node}"]`);
}

/** Goes out of the composite that is seen. */
async function leave(page: Page): Promise<void> {
  await page.click(".react-flow__pane", { position: { x: 5, y: 300 } });
  await page.keyboard.press("Escape");
  await page.waitForSelector('[data-node="tower"]');
}

async function setWidth(page: Page, width: string): Promise<void> {
  await choose(page, "resize");
  await page.fill('aside[aria-label="Inspector"] input[id="resize-width"]', width);
  await page.keyboard.press("Enter");
}

it("a node is pinned in one instance, over a reload; the other runs, and copies take the pin along", async () => {
  const { page, errors, shot } = await openPage(browser);
  await openCanvas(page, await createGraph(product.url, twoTowers()));
  await hasParts(page, 3, 2);
  await runToEnd(page);
  await open(page, "tower_2");
  await choose(page, "resize");
  await page.keyboard.press("p");
  await page.waitForSelector(pinMark("resize"));
  await shot("pinned-inside");
  await leave(page);
  await open(page, "tower");
  expect(await page.locator(pinMark("resize")).count()).toBe(0);
  const { nodes, composites } = await savedGraph(page);
  expect(Object.keys(nodes.tower_2?.pins ?? {})).toEqual(["resize"]);
  expect(nodes.tower?.pins).toBeUndefined();
  expect(JSON.stringify(composites)).not.toContain('"pin"');

  // What is inside is changed for both: the pinned result stays in the one, and the other is run.
  await setWidth(page, "16");
  await runToEnd(page);
  expect(await statusOf(page, "resize")).toBe("done");
  await expect.poll(() => page.textContent('[data-node="resize"]')).toMatch(/16 × 24|24 × 16/);
  await leave(page);
  await open(page, "tower_2");
  await expect.poll(() => page.textContent('[data-node="resize"]')).toContain("24 × 24");
  await expect.poll(() => page.textContent('[data-node="normalize"]')).toContain("3, 24, 24]");

  await page.reload();
  await page.waitForSelector('[data-node="tower_2"]');
  await atRest(page);
  await page.keyboard.press("1");
  await atRest(page);
  await open(page, "tower_2");
  await page.waitForSelector(pinMark("resize"));

  // A copy inside lies in both instances, and is pinned in that in which it was made.
  await choose(page, "resize");
  await page.keyboard.press("Control+d");
  await page.waitForSelector('[data-node="resize_2"]');
  await page.waitForSelector(pinMark("resize_2"));
  await leave(page);
  await open(page, "tower");
  await page.waitForSelector('[data-node="resize_2"]');
  expect(await page.locator('[data-node] [aria-label^="Pinned"]').count()).toBe(0);
  await page.keyboard.press("Control+z");
  await page.waitForSelector('[data-node="resize_2"]', { state: "detached" });
  await leave(page);

  // A copy of the instance has what was pinned in it.
  await choose(page, "tower_2");
  await page.keyboard.press("Control+d");
  await hasParts(page, 4, 2);
  const now = (await savedGraph(page)).nodes;
  expect(now.tower_3?.pins).toEqual(now.tower_2?.pins);

  await open(page, "tower_2");
  await page.click(pinMark("resize"));
  await page.waitForSelector(pinMark("resize"), { state: "detached" });
  await leave(page);
  const unpinned = (await savedGraph(page)).nodes;
  expect(unpinned.tower_2?.pins).toBeUndefined();
  expect(unpinned.tower_3?.pins).toEqual(now.tower_3?.pins);
  expect(errors).toEqual([]);
  await page.close();
});
