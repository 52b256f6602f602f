import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserContext, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { setParam } from "#nodes/graph/edits";
import type { GraphDocument } from "#nodes/graph/document";
import { browser, product, startAgain, withOwnProduct } from "../kit/browser";
import { graph } from "../kit/graphs";
import { createGraph } from "../kit/product";

withOwnProduct();

const small = (): GraphDocument => {
  const document = graph({ data: ["data.emoji", { limit: 4 }], resize: ["image.resize", { width: 64 }] }, [
    "data.image -> resize.image",
  ]);
  for (const [i, node] of Object.values(document.nodes).entries()) node.position = { x: i * 320, y: 0 };
  return document;
};

async function openWindow(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.clock.install(); // it goes on by itself, and can be moved on
  await page.goto(url);
  await page.waitForSelector('[data-node="resize"]');
  await sleep(500); // the view is fitted
  return page;
}

const newContext = (): Promise<BrowserContext> => browser.newContext({ viewport: { width: 1440, height: 900 } });

async function choose(page: Page, node: string): Promise<void> {
  await page.click(`[data-node="${node}"] > div >> nth=0`);
}

async function setField(page: Page, node: string, param: string, value: string): Promise<void> {
  await choose(page, node);
  await page.fill(`aside[aria-label="Inspector"] input[id="${node}-${param}"]`, value);
  await page.keyboard.press("Tab");
}

async function fieldOf(page: Page, node: string, param: string): Promise<string> {
  await choose(page, node);
  return page.inputValue(`aside[aria-label="Inspector"] input[id="${node}-${param}"]`);
}

const isSaved = (page: Page) => page.waitForSelector("[data-saved=saved]:not([data-kept])", { timeout: 30_000 });
const shot = (page: Page, name: string) => page.screenshot({ path: `test-results/shots/keeping-${name}.png` });

async function stored(url: string): Promise<GraphDocument> {
  const input = encodeURIComponent(JSON.stringify({ json: { id: url.split("/").at(-1) } }));
  const answer = await fetch(`${product.url}/api/trpc/graphs.get?input=${input}`);
  return ((await answer.json()) as { result: { data: { json: { document: GraphDocument } } } }).result.data.json
    .document;
}

describe("two windows", () => {
  it("show each other and what is edited; of one that was offline for a minute no edit vanishes", async () => {
    const url = await createGraph(product.url, small());
    const contexts = [await newContext(), await newContext()] as const;
    const one = await openWindow(contexts[0], url);
    const two = await openWindow(contexts[1], url);
    for (const page of [one, two]) await page.waitForSelector('[data-others="1"]', { timeout: 20_000 });
    await setField(one, "resize", "width", "32");
    await isSaved(one);
    await expect.poll(() => fieldOf(two, "resize", "width"), { timeout: 15_000 }).toBe("32");

    await contexts[0].setOffline(true);
    await setField(one, "data", "limit", "7");
    await one.waitForSelector("[data-saved=failed][data-kept=browser]", { timeout: 20_000 });
    await shot(one, "waiting");
    await setField(two, "resize", "height", "48");
    await isSaved(two);
    await setField(one, "data", "limit", "8");
    await one.clock.runFor(60_000);
    await contexts[0].setOffline(false);
    await isSaved(one);
    await expect
      .poll(async () => (await stored(url)).nodes, { timeout: 20_000 })
      .toMatchObject({
        data: { params: { limit: 8 } },
        resize: { params: { width: 32, height: 48 } },
      });
    expect(await fieldOf(one, "resize", "height")).toBe("48");
    await shot(one, "merged");
    // Undo is about own edits.
    await one.locator(".react-flow__pane").click({ position: { x: 10, y: 400 } });
    for (let i = 0; i < 5; i++) await one.keyboard.press("Control+z");
    expect(await fieldOf(one, "data", "limit")).toBe("4");
    expect(await fieldOf(one, "resize", "width")).toBe("64");
    expect(await fieldOf(one, "resize", "height")).toBe("48");
    for (const context of contexts) await context.close();
  });

  it("that change the same are asked, with both values", async () => {
    const url = await createGraph(product.url, small());
    const contexts = [await newContext(), await newContext()] as const;
    const one = await openWindow(contexts[0], url);
    const two = await openWindow(contexts[1], url);
    await contexts[0].setOffline(true);
    await setField(one, "resize", "width", "10");
    await setField(one, "data", "limit", "2");
    await setField(two, "resize", "width", "20");
    await isSaved(two);
    await contexts[0].setOffline(false);
    await one.waitForSelector('[data-conflict="nodes.resize.params.width"]', { timeout: 20_000 });
    await shot(one, "conflict");
    expect(await one.locator("[data-conflict]").count()).toBe(1);
    expect(await one.innerText("[data-conflict]")).toMatch(/10[\s\S]*20/);
    await one.click("[data-conflict] [role=radio] >> nth=1");
    await one.click("[role=dialog] button:has-text('Merge')");
    await isSaved(one);
    expect((await stored(url)).nodes).toMatchObject({
      data: { params: { limit: 2 } },
      resize: { params: { width: 20 } },
    });
    for (const context of contexts) await context.close();
  });
});

describe("a tab that is killed", () => {
  it("right after a keystroke loses nothing: the work is offered, shown and taken", async () => {
    const url = await createGraph(product.url, small());
    const context = await newContext();
    const page = await openWindow(context, url);
    await fieldOf(page, "resize", "width");
    await context.setOffline(true);
    await setField(page, "resize", "width", "99");
    await page.waitForSelector("[data-kept=browser]");
    await page.close();
    await context.setOffline(false);
    expect((await stored(url)).nodes.resize?.params.width).toBe(64);
    const again = await openWindow(context, url);
    await again.waitForSelector("[data-draft-offer]", { timeout: 10_000 });
    expect(await again.innerText("[data-draft-offer]")).toMatch(/1 change/);
    await shot(again, "offer");
    await again.click("text=Show the difference");
    await again.waitForSelector("[data-diff-node=resize][data-fate=changed]");
    await sleep(400);
    await shot(again, "difference");
    await again.click("[role=dialog] button:has-text('Take it')");
    await isSaved(again);
    expect((await stored(url)).nodes.resize?.params.width).toBe(99);
    await again.reload();
    await again.waitForSelector('[data-node="resize"]');
    await sleep(1500);
    expect(await again.locator("[data-draft-offer]").count()).toBe(0);
    await context.close();
  });

  it("is not offered what it saved before it died", async () => {
    const url = await createGraph(product.url, small());
    const context = await newContext();
    const page = await openWindow(context, url);
    await setField(page, "resize", "width", "98");
    await isSaved(page);
    await page.close();
    const again = await openWindow(context, url);
    await sleep(1500);
    expect(await again.locator("[data-draft-offer]").count()).toBe(0);
    await context.close();
  });
});

describe("versions", () => {
  it("get a name by keys, are compared on the canvas, and are gone back to", async () => {
    const url = await createGraph(product.url, small());
    const context = await newContext();
    const page = await openWindow(context, url);
    await page.keyboard.press("Control+s");
    await page.fill("[role=dialog] input", "first light");
    await shot(page, "naming");
    await page.keyboard.press("Enter");
    await page.locator("[role=dialog]").waitFor({ state: "detached" });
    await setField(page, "resize", "width", "16");
    await isSaved(page);
    await page.click("text=More");
    await page.click("[role=menuitem]:has-text('Versions')");
    await page.waitForSelector("[data-diff-node=resize][data-fate=changed]", { timeout: 20_000 });
    await sleep(400);
    await shot(page, "versions");
    await page.click("button:has-text('Discard 1 change')");
    await page.waitForSelector('[data-node="resize"]', { timeout: 20_000 });
    expect((await stored(url)).nodes.resize?.params.width).toBe(64);
    await page.goto(`${url}/versions`);
    await page.waitForSelector("text=Before going back to version 1");
    await page.click("[data-queue]");
    await page.waitForSelector("[aria-label='Queue of runs'][role=dialog] >> text=Nothing runs.");
    await context.close();
  });
});

describe("a server that is killed during a save", () => {
  it("loses nothing: the window saves when it is there again, and is not asked about its own work", async () => {
    const url = await createGraph(product.url, small());
    const context = await newContext();
    const page = await openWindow(context, url);
    // The answer of this save is lost with the server; whether it was stored, nobody can tell the window.
    await page.route("**/graphs.save**", async (route) => {
      await route.fetch().catch(() => {});
      await route.abort();
      await page.unroute("**/graphs.save**");
    });
    await setField(page, "resize", "width", "33");
    await page.waitForSelector("[data-saved=failed]", { timeout: 20_000 });
    await setField(page, "resize", "width", "34");
    await isSaved(page);
    expect(await page.locator("[data-conflict]").count()).toBe(0);
    expect((await stored(url)).nodes.resize?.params.width).toBe(34);

    product.process.kill("SIGKILL");
    await setField(page, "resize", "height", "77");
    await page.waitForSelector("[data-kept=browser]", { timeout: 20_000 });
    await sleep(1000);
    await startAgain();
    await isSaved(page);
    expect(setParam(await stored(url), "resize", "height", 77)).toEqual(await stored(url));
    await context.close();
  });
});
