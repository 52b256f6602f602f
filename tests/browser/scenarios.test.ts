import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { browser, product, withOwnProduct } from "../kit/browser";
import { chooseNodes, dropFile, hasParts, openCanvas, runToEnd, savedGraph } from "../kit/canvas";
import { graph } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withOwnProduct();

/** A chain of three that runs in a moment. */
function chain(seed: number): GraphDocument {
  const document = graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit: seed }],
      resize: ["image.resize", { width: 24, height: 24 }],
      normalize: ["image.normalize"],
    },
    ["data.image -> resize.image", "resize.image -> normalize.image"],
  );
  for (const [i, node] of Object.values(document.nodes).entries()) node.position = { x: i * 320, y: 0 };
  return document;
}

async function openGraph(document: GraphDocument) {
  const { page, errors } = await openPage(browser);
  await openCanvas(page, await createGraph(product.url, document));
  return { page, errors };
}

const statusOf = (page: Page, node: string) => page.getAttribute(`[data-node="${node}"]`, "data-status");

async function setWidth(page: Page, node: string, width: string): Promise<void> {
  await chooseNodes(page, node);
  await page.fill(`aside[aria-label="Inspector"] input[id="${node}-width"]`, width);
  await page.keyboard.press("Enter");
}

describe("before a run", () => {
  it("what an edit made stale is marked, and what is before it not; the run computes that alone", async () => {
    const { page, errors } = await openGraph(chain(5));
    await runToEnd(page);
    await setWidth(page, "resize", "16");
    await page.waitForSelector('[data-node="resize"] [data-stale]');
    await page.waitForSelector('[data-node="normalize"] [data-stale]');
    await page.waitForSelector('[data-node="data"] [data-stale]', { state: "detached" });
    await runToEnd(page);
    expect(await statusOf(page, "data")).toBe("cached");
    expect(await statusOf(page, "resize")).toBe("done");
    expect(await statusOf(page, "normalize")).toBe("done");
    await page.waitForSelector("[data-stale]", { state: "detached" });
    expect(errors).toEqual([]);
    await page.close();
  });

  it("what is not wired is quiet, is red when a run is asked for, and the sound part can run without it", async () => {
    const document = chain(6);
    document.nodes.alone = { ...(document.nodes.resize as object), position: { x: 320, y: 320 } } as never;
    const { page, errors } = await openGraph(document);
    await chooseNodes(page, "alone");
    await page.waitForSelector('[data-remarks]:has-text("Not wired yet: image")');
    expect(await page.locator("[data-remarks] .text-bad").count()).toBe(0);
    await page.keyboard.press("Control+Enter");
    await page.waitForSelector("[data-remarks] .text-bad");
    expect(await page.locator("[data-run-status]").count()).toBe(0);
    await page.click('[aria-label="Other ways to run"]');
    await page.click('[role="menuitem"]:has-text("Run anyway what is sound")');
    await page.waitForSelector("[data-run-status=done]", { timeout: 60_000 });
    expect(await statusOf(page, "normalize")).toBe("done");
    expect(await statusOf(page, "alone")).not.toBe("done");
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("a pin", () => {
  it("keeps a result whatever its node would give, goes along with copies, and stays over a reload", async () => {
    const { page, errors } = await openGraph(chain(7));
    await runToEnd(page);
    await chooseNodes(page, "resize");
    await page.keyboard.press("p");
    await page.waitForSelector('[data-node="resize"] [aria-label*="inned"], [data-node="resize"] [title*="inned"]');
    await setWidth(page, "resize", "20");
    await runToEnd(page);
    expect(await page.textContent('[data-node="normalize"]')).toContain("3, 24, 24]");
    expect(await page.textContent('[data-node="resize"]')).toContain("24 × 24");
    await chooseNodes(page, "resize");
    await page.keyboard.press("Control+d");
    await hasParts(page, 4, 2);
    const pinned = Object.values((await savedGraph(page)).nodes).filter(({ pin }) => pin);
    expect(pinned).toHaveLength(2);
    await page.reload();
    await page.waitForSelector('[data-node="resize"] [aria-label*="inned"], [data-node="resize"] [title*="inned"]');
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("pictures", () => {
  it("that were exported open their graph where they are dropped, as a part of this one, too", async () => {
    const { page, errors } = await openGraph(chain(8));
    for (const [kind, type] of [
      ["Picture (PNG)", "image/png"],
      ["Picture (SVG)", "image/svg+xml"],
    ] as const) {
      await page.click("header button:has-text('More')");
      await page.click('[role="menuitem"]:has-text("Export")');
      await page.click(`[role="dialog"] >> text=${kind}`);
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.click('[role="dialog"] button:has-text("Export") >> nth=-1'),
      ]);
      await page.keyboard.press("Escape");
      await page.waitForSelector('[role="dialog"]', { state: "detached" });
      const bytes = readFileSync(await download.path());
      await dropFile(page, ".react-flow__pane", download.suggestedFilename(), type, bytes);
      await page.waitForSelector("[data-open-question]");
      await page.click("text=Put it into this graph");
      await hasParts(page, 6, 4);
      await page.keyboard.press("Control+z");
      await hasParts(page, 3, 2);
    }
    expect(errors).toEqual([]);
    await page.close();
  });

  it("that a run gave carry its graph when they are saved, and none where they lie", async () => {
    const { page, errors } = await openGraph(chain(8));
    await runToEnd(page);
    await page.locator('[data-node="resize"] [aria-label^="Enlarge"]').dispatchEvent("click");
    const save = page.locator('[role="dialog"] button[aria-label^="Save "]').first();
    await save.hover();
    const [download] = await Promise.all([page.waitForEvent("download"), save.click()]);
    const bytes = readFileSync(await download.path());
    const source = page.locator('[role="dialog"] span:has(> button[aria-label^="Save "]) img').first();
    const plain = await fetch(new URL((await source.getAttribute("src")) ?? "", product.url));
    expect(Buffer.from(await plain.arrayBuffer()).includes("patchbay")).toBe(false);
    await page.keyboard.press("Escape");
    await page.waitForSelector('[role="dialog"]', { state: "detached" });
    await dropFile(page, ".react-flow__pane", download.suggestedFilename(), "image/png", bytes);
    await page.waitForSelector("[data-open-question]");
    await page.click("text=Put it into this graph");
    await hasParts(page, 6, 4);
    expect(errors).toEqual([]);
    await page.close();
  });

  it("without a graph become a node with them on the canvas, and broken ones crash nothing", async () => {
    const { page, errors } = await openGraph(chain(9));
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    );
    await dropFile(page, ".react-flow__pane", "dot.png", "image/png", png);
    await hasParts(page, 4, 2);
    expect(Object.values((await savedGraph(page)).nodes).map(({ type }) => type)).toContain("image.load");
    const broken = Buffer.concat([png.subarray(0, 40), Buffer.from("patchbay\0{NaN")]);
    await page.goto(product.url);
    await page.waitForSelector("[data-template]");
    await dropFile(page, "body", "broken.png", "image/png", broken);
    await page.waitForSelector("text=/carries no graph|cannot be opened/");
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("a graph with node types that are not here", () => {
  it("opens with their ports and wires, says which, and is saved as it was", async () => {
    const document = chain(10);
    document.nodes.foreign = {
      type: "acme.sharpen",
      version: 3,
      params: { amount: 2 },
      position: { x: 320, y: 300 },
    };
    document.wires.push({ from: { node: "data", port: "image" }, to: { node: "foreign", port: "picture" } });
    const { page, errors } = await openGraph(document);
    await hasParts(page, 4, 3);
    const before = await savedGraph(page);
    await page.waitForSelector('[aria-label="input foreign.picture"]');
    expect(await page.textContent('[data-node="foreign"]')).toContain("acme.sharpen");
    await page.keyboard.press("F8");
    await page.waitForSelector('.react-flow__node.selected[data-id="foreign"]');
    await chooseNodes(page, "normalize");
    await page.keyboard.press("Control+ArrowDown");
    await page.waitForSelector("[data-saved=unsaved], [data-saved=saving]");
    const after = await savedGraph(page);
    expect(after.nodes.foreign).toEqual(before.nodes.foreign);
    expect(after.wires).toEqual(before.wires);
    expect(errors).toEqual([]);
    await page.close();
  });
});
