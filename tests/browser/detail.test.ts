/** How much of nodes is drawn, from near and from afar: when they become boxes, what that leaves as it was. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { browser, product, withBrowser } from "../kit/browser";
import { atRest, dragBetween, middleOf, openCanvas, type Point, savedGraph } from "../kit/canvas";
import { graph } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withBrowser();

/** Nodes in rows of ten. */
function rows(count: number): GraphDocument {
  const ids = Array.from({ length: count }, (_, i) => `n${i}`);
  const document = graph(Object.fromEntries(ids.map((id) => [id, ["image.augment"]])));
  for (const [i, node] of Object.values(document.nodes).entries())
    node.position = { x: (i % 10) * 300, y: Math.floor(i / 10) * 220 };
  return document;
}

async function openRows(count: number) {
  const { page, errors } = await openPage(browser);
  await openCanvas(page, await createGraph(product.url, rows(count)));
  return { page, errors };
}

const zoomOf = (page: Page) =>
  page.evaluate(() => {
    const view = document.querySelector(".react-flow__viewport");
    return view ? new DOMMatrix(getComputedStyle(view).transform).a : 0;
  });

/** Turns the wheel over a place until the zoom is as is said, and waits until what is drawn has been judged. */
async function zoomTo(page: Page, wanted: number, over?: Point): Promise<void> {
  const place = over ?? (await middleOf(page, ".react-flow__pane"));
  await page.mouse.move(place.x, place.y);
  await page.mouse.wheel(0, -500 * Math.log2(wanted / (await zoomOf(page))));
  await page.waitForTimeout(300);
  await atRest(page);
  expect(await zoomOf(page)).toBeCloseTo(wanted, 2);
}

async function simplifyBelow(page: Page, percent: string): Promise<void> {
  await page.selectOption('label:has-text("Nodes become boxes below") select', percent);
}

/** Whether nodes are boxes: then the graph is one picture, and no card is there. */
async function isFar(page: Page): Promise<boolean> {
  const [pictures, blocks] = [page.locator("canvas[data-far]"), page.locator("[data-block]")];
  const far = (await pictures.count()) === 1;
  expect((await blocks.count()) > 0).toBe(far);
  return far;
}

describe("nodes from afar", () => {
  it("are boxes below the chosen zoom, cards again 15 % above it, and never boxes where that is chosen", async () => {
    const { page, errors } = await openRows(12);
    await simplifyBelow(page, "45");
    await zoomTo(page, 0.6);
    const seen: [zoom: number, far: boolean][] = [];
    for (const zoom of [0.47, 0.43, 0.47, 0.51, 0.54, 0.5, 0.46, 0.44]) {
      await zoomTo(page, zoom);
      seen.push([zoom, await isFar(page)]);
    }
    expect(seen).toEqual([
      [0.47, false],
      [0.43, true],
      [0.47, true],
      [0.51, true],
      [0.54, false],
      [0.5, false],
      [0.46, false],
      [0.44, true],
    ]);
    await simplifyBelow(page, "0");
    for (const zoom of [0.44, 0.1, 0.03]) {
      await zoomTo(page, zoom);
      expect(await isFar(page)).toBe(false);
    }
    expect(errors).toEqual([]);
    await page.close();
  });

  it("are moved by their boxes, and back in one step", async () => {
    const { page, errors } = await openRows(12);
    await zoomTo(page, 0.2);
    expect(await isFar(page)).toBe(true);
    const before = (await savedGraph(page)).nodes;
    const box = await middleOf(page, '.react-flow__node[data-id="n3"]');
    await dragBetween(page, box, { x: box.x + 40, y: box.y + 60 });
    await page.waitForSelector("[data-saved=unsaved], [data-saved=saving]");
    const { n3, ...others } = (await savedGraph(page)).nodes;
    // 40 and 60 pixels at a fifth of the size, as much as edges of others draw it to them (10), and a pixel.
    const moved = (axis: "x" | "y") => (n3?.position[axis] ?? 0) - (before.n3?.position[axis] ?? 0);
    expect(Math.abs(moved("x") - 200)).toBeLessThan(56);
    expect(Math.abs(moved("y") - 300)).toBeLessThan(56);
    const { n3: _, ...othersBefore } = before;
    expect(others).toEqual(othersBefore);
    await page.keyboard.press("Control+z");
    await page.waitForSelector("[data-saved=unsaved], [data-saved=saving]");
    expect((await savedGraph(page)).nodes).toEqual(before);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("the picture of a graph from afar", () => {
  /** Counts from now on how often it is painted. */
  const countPaints = (page: Page) =>
    page.evaluate(() => {
      const counted = Object.assign(window, { paints: 0 });
      const clear = CanvasRenderingContext2D.prototype.clearRect;
      CanvasRenderingContext2D.prototype.clearRect = function (...place) {
        if (this.canvas.matches("[data-far]")) counted.paints++;
        clear.apply(this, place);
      };
    });
  const paintsOf = (page: Page) => page.evaluate(() => (window as Window & { paints?: number }).paints);

  it("is painted anew when a title is another, and not for a parameter that is not drawn", async () => {
    const { page, errors } = await openRows(12);
    await zoomTo(page, 0.2);
    expect(await isFar(page)).toBe(true);
    const { x, y } = await middleOf(page, '.react-flow__node[data-id="n3"]');
    await page.mouse.click(x, y);
    const inspector = page.locator('aside[aria-label="Inspector"]');
    await inspector.locator("input[inputmode]").first().click();
    await atRest(page);
    await countPaints(page);
    await page.keyboard.press("End");
    await page.keyboard.type("1");
    expect((await savedGraph(page)).nodes.n3?.params.shift).toBe(0.081);
    expect(await paintsOf(page)).toBe(0);
    await inspector.getByLabel("Title").fill("Another");
    await expect.poll(() => paintsOf(page)).toBeGreaterThan(0);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("nodes that leave the view", () => {
  /** Goes from one node to another by the wheel alone: a press would take the focus away. */
  async function goTo(page: Page, node: string): Promise<void> {
    await zoomTo(page, 0.32);
    await zoomTo(page, 2, await middleOf(page, `.react-flow__node[data-id="${node}"]`));
  }

  const isCard = async (page: Page, node: string) =>
    (await page.locator(`.react-flow__node[data-id="${node}"] [data-block]`).count()) === 0;

  it("stay drawn while they have the focus or play something, and are boxes afterwards", async () => {
    const { page, errors } = await openRows(130);
    await goTo(page, "n0");
    expect(await isCard(page, "n0")).toBe(true);
    expect(await isCard(page, "n23")).toBe(false);
    await page.evaluate(async () => {
      const cardOf = (node: string) => document.querySelector(`.react-flow__node[data-id="${node}"] [data-node]`);
      const field = document.createElement("input");
      cardOf("n0")?.append(field);
      field.focus();
      const video = document.createElement("video");
      video.srcObject = document.createElement("canvas").captureStream(10);
      video.muted = true;
      cardOf("n10")?.append(video);
      // It is paused below, which its promise tells as a failure.
      video.play().catch(() => undefined);
    });
    await page.waitForFunction(() => document.querySelector("video")?.paused === false);
    await goTo(page, "n23");
    expect(await isCard(page, "n23")).toBe(true);
    expect(await isCard(page, "n0")).toBe(true);
    expect(await isCard(page, "n10")).toBe(true);
    expect(await isCard(page, "n20")).toBe(false);
    const focused = () =>
      page.evaluate(() => document.activeElement?.closest<HTMLElement>(".react-flow__node")?.dataset.id);
    expect(await focused()).toBe("n0");
    expect(await page.evaluate(() => document.querySelector("video")?.paused)).toBe(false);

    await page.evaluate(() => {
      (document.activeElement as HTMLElement | null)?.blur();
      document.querySelector("video")?.pause();
    });
    await goTo(page, "n24");
    expect(await isCard(page, "n0")).toBe(false);
    expect(await isCard(page, "n10")).toBe(false);
    expect(errors).toEqual([]);
    await page.close();
  });
});
