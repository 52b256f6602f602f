import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { browser, product, withBrowser } from "../kit/browser";
import { tinyTower } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withBrowser();

/** A tower on pictures, with its nodes side by side. */
function towerGraph(): GraphDocument {
  const document = tinyTower();
  for (const [i, node] of Object.values(document.nodes).entries()) node.position = { x: i * 300, y: 0 };
  return document;
}

const statusOf = (page: Page, node: string) => page.getAttribute(`[data-node="${node}"]`, "data-status");

/** What the server has, once all is saved. */
async function saved(page: Page): Promise<GraphDocument> {
  await page.waitForSelector("[data-saved=saved]");
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const input = encodeURIComponent(JSON.stringify({ json: { id } }));
  const answer = await fetch(`${product.url}/api/trpc/graphs.get?input=${input}`);
  const { result } = (await answer.json()) as { result: { data: { json: { document: GraphDocument } } } };
  return result.data.json.document;
}

/** Chooses some nodes of the graph. */
async function choose(page: Page, ...nodes: string[]): Promise<void> {
  await page.keyboard.press("Escape");
  for (const [i, node] of nodes.entries()) {
    const modifiers = i ? (["Control"] as const) : [];
    await page.click(`[data-node="${node}"] > div >> nth=0`, { modifiers: [...modifiers] });
  }
}

async function seesNodes(page: Page, ...expected: string[]): Promise<void> {
  await page.waitForFunction((wanted) => {
    const seen = [...document.querySelectorAll("[data-node]")].map((node) => node.getAttribute("data-node") ?? "");
    return seen.sort().join() === wanted;
  }, [...expected].sort().join());
}

describe("composites", () => {
  it("are made, opened, published, used twice, run, and expanded, each step undone at once", async () => {
    const { page, errors, shot } = await openPage(browser);
    await page.goto(await createGraph(product.url, towerGraph()));
    await seesNodes(page, "data", "norm", "normalize", "projector", "resize", "vision");
    const before = await saved(page);

    await choose(page, "normalize", "vision", "projector");
    await page.keyboard.press("Control+Shift+E");
    await seesNodes(page, "data", "resize", "composite", "norm");
    await page.keyboard.press("Control+z");
    await seesNodes(page, "data", "norm", "normalize", "projector", "resize", "vision");
    await page.keyboard.press("Control+Shift+Z");
    await seesNodes(page, "data", "resize", "composite", "norm");
    await shot("made");

    await page.dblclick('[data-node="composite"] > div >> nth=0');
    await seesNodes(page, "normalize", "projector", "vision");
    expect(await page.innerText('nav[aria-label="Where you are"]')).toMatch(/Untitled|test/);
    await page.waitForSelector("[data-boundary=inputs]");
    await page.fill('[aria-label="Name of the composite"]', "Tower");
    await page.keyboard.press("Enter");
    await page.click('[data-node="projector"] > div >> nth=0');
    await page.click('[aria-label="Publish Output width"]');
    await page.waitForSelector('[aria-label="Publish Output width no more"]');
    await shot("inside");

    await page.locator(".react-flow__pane").click({ position: { x: 5, y: 300 } });
    await page.waitForSelector("[data-composite]");
    expect(await page.inputValue('[aria-label="Label of the parameter width"]')).toBe("width");
    await page.keyboard.press("Escape");
    await seesNodes(page, "data", "resize", "composite", "norm");
    expect(await page.innerText('[data-node="composite"] [data-published]')).toMatch(/Output width\s+8/);

    await page.keyboard.press("Control+d");
    await seesNodes(page, "data", "resize", "composite", "composite_2", "norm");
    const width = page.locator('aside[aria-label="Inspector"] input[id="composite_2-width"]');
    await width.fill("12");
    await width.press("Enter");
    const twice = await saved(page);
    expect(twice.nodes.composite_2?.params).toEqual({ width: 12 });
    expect(twice.nodes.composite?.params).toEqual({ scope: "" });
    expect(Object.keys(twice.composites ?? {})).toEqual(["composite"]);

    await choose(page, "composite_2");
    await page.keyboard.press("Delete");
    await seesNodes(page, "data", "resize", "composite", "norm");
    await page.click("header button:has-text('Run')");
    await page.waitForSelector("[data-run-status=done]", { timeout: 120_000 });
    expect(["done", "cached"]).toContain(await statusOf(page, "composite"));
    await shot("run");
    await page.click('[aria-label="Open Tower"]');
    await seesNodes(page, "normalize", "projector", "vision");
    expect(["done", "cached"]).toContain(await statusOf(page, "vision"));
    await page.keyboard.press("Escape");

    await choose(page, "composite");
    await page.keyboard.press("Control+Shift+U");
    await seesNodes(page, "data", "norm", "normalize", "projector", "resize", "vision");
    const { nodes, composites } = await saved(page);
    expect({ nodes, composites }).toEqual({ nodes: before.nodes, composites: undefined });
    expect(errors).toEqual([]);
    await page.close();
  });

  it("lose the port whose inner source goes, and get one where a wire is drawn to the boundary", async () => {
    const { page, errors } = await openPage(browser);
    await page.goto(await createGraph(product.url, towerGraph()));
    await choose(page, "normalize", "vision", "projector");
    await page.keyboard.press("Control+Shift+E");
    await page.waitForSelector('[data-node="composite"]');
    await page.keyboard.press("Enter");
    await page.waitForSelector('[data-node="projector"]');
    await sleep(400);
    await page.click('[data-node="projector"] > div >> nth=0');
    await page.keyboard.press("Delete");
    await page.locator("[data-boundary=outputs] [aria-label^='input']").waitFor({ state: "detached" });
    await drag(page, '[aria-label="output vision.features"]', '[aria-label="new output of the composite"]');
    await page.waitForSelector("[data-boundary=outputs] [aria-label='input @outputs.features']");
    const { composites, wires } = await saved(page);
    expect(Object.keys(composites?.composite?.outputs ?? {})).toEqual(["features"]);
    expect(wires.map(({ to }) => to.node)).not.toContain("norm");
    expect(errors).toEqual([]);
    await page.close();
  });
});

/** Draws a wire from one handle to another. */
async function drag(page: Page, from: string, to: string): Promise<void> {
  const [start, end] = await Promise.all([from, to].map((handle) => page.locator(handle).boundingBox()));
  if (!start || !end) throw new Error(`${from} or ${to} is not in view`);
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(end.x + end.width / 2, end.y + end.height / 2, { steps: 12 });
  await page.mouse.up();
}
