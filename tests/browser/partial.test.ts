/** What a run is asked for: of a graph with two branches one alone, and of what ran already nothing again. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { browser, product, withOwnProduct } from "../kit/browser";
import { chooseNodes, openCanvas, runToEnd } from "../kit/canvas";
import { graph } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withOwnProduct();

/** Pictures that are made smaller in two ways. */
function branches(): GraphDocument {
  const document = graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit: 11 }],
      small: ["image.resize", { width: 16, height: 16 }],
      large: ["image.resize", { width: 32, height: 32 }],
      one: ["image.normalize"],
      two: ["image.normalize"],
    },
    ["data.image -> small.image", "data.image -> large.image", "small.image -> one.image", "large.image -> two.image"],
  );
  const places = { data: [0, 0], small: [320, 0], large: [320, 400], one: [640, 0], two: [640, 400] };
  for (const [id, [x, y]] of Object.entries(places))
    Object.assign(document.nodes[id] as object, { position: { x, y } });
  return document;
}

async function statusesOf(page: Page): Promise<Record<string, string>> {
  const nodes = await page.locator("[data-node]").all();
  const entries = nodes.map(async (node) => [
    await node.getAttribute("data-node"),
    await node.getAttribute("data-status"),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

/** Asks the server for a run as a page does, and gives what it says. */
async function askRun(input: object): Promise<{ isTaken: boolean; text: string }> {
  const answer = await fetch(`${product.url}/api/trpc/runs.create`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ json: input }),
  });
  return { isTaken: answer.ok, text: await answer.text() };
}

it("a run up to a node leaves the other branch alone, and a second one computes only what is new", async () => {
  const { page, errors } = await openPage(browser);
  await openCanvas(page, await createGraph(product.url, branches()));
  await chooseNodes(page, "one");
  await page.keyboard.press("Alt+Enter");
  await page.waitForSelector("[data-run-status=done]", { timeout: 60_000 });
  const first = await statusesOf(page);
  expect([first.data, first.small, first.one]).toEqual(["done", "done", "done"]);
  expect([first.large, first.two].filter((status) => status === "done" || status === "cached")).toEqual([]);

  await runToEnd(page);
  expect(await statusesOf(page)).toEqual({
    data: "cached",
    small: "cached",
    one: "cached",
    large: "done",
    two: "done",
  });
  await runToEnd(page);
  expect(new Set(Object.values(await statusesOf(page)))).toEqual(new Set(["cached"]));

  await chooseNodes(page, "large");
  await page.fill('aside[aria-label="Inspector"] input[id="large-width"]', "24");
  await page.keyboard.press("Enter");
  await runToEnd(page);
  expect(await statusesOf(page)).toEqual({
    data: "cached",
    small: "cached",
    one: "cached",
    large: "done",
    two: "done",
  });
  expect(errors).toEqual([]);
  await page.close();
});

it("the chosen nodes alone are run where what they read is there; else it is said what is missing", async () => {
  const { page, errors } = await openPage(browser);
  const document = branches();
  Object.assign(document.nodes.data?.params ?? {}, { limit: 9 });
  await openCanvas(page, await createGraph(product.url, document));
  const runAlone = async () => {
    await page.click('[aria-label="Other ways to run"]');
    await page.click('[role="menuitem"]:has-text("Run the chosen nodes alone")');
  };
  await chooseNodes(page, "two");
  await runAlone();
  await page.waitForSelector("text=What the chosen nodes read is not there yet.");
  expect(await page.textContent("[data-sonner-toast]")).toMatch(/missing of .*data.*large|missing of .*large.*data/);
  expect(await page.locator("[data-run-status]").count()).toBe(0);
  await page.click('button:has-text("Run them too")');
  await page.waitForSelector('[data-node="two"][data-status="done"]', { timeout: 60_000 });
  await page.waitForSelector("[data-run-status=done]");
  await chooseNodes(page, "large");
  await page.fill('aside[aria-label="Inspector"] input[id="large-width"]', "28");
  await page.keyboard.press("Enter");
  await runAlone();
  await page.waitForSelector('[data-node="large"][data-status="done"]', { timeout: 60_000 });
  await page.waitForSelector("[data-run-status=done]");
  expect(["done", "cached"]).not.toContain((await statusesOf(page)).one);
  expect(errors).toEqual([]);
  await page.close();
});

it("no target at all, and a circle, are refused before anything is queued", async () => {
  const none = await askRun({ document: branches(), targets: [] });
  expect(none.isTaken).toBe(false);
  const circle = graph({ a: ["image.augment"], b: ["image.augment"] }, ["a.image -> b.image", "b.image -> a.image"]);
  const refused = await askRun({ document: circle, targets: "all" });
  expect(refused.isTaken).toBe(false);
  expect(refused.text).toMatch(/circle|cycle/i);
  expect(refused.text).toMatch(/\ba\b.*\bb\b/);
  const sound = await askRun({ document: branches(), targets: "all" });
  expect(sound.isTaken).toBe(true);
});
