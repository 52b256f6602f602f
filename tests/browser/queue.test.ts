/** The tray of the queue, on every page: runs are put into another order, stopped from elsewhere, and run again. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { browser, product, withOwnProduct } from "../kit/browser";
import { graph, tinyClip } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withOwnProduct();

const inTray = '[aria-label="Queue of runs"][role="dialog"]';

async function openTray(page: Page): Promise<void> {
  await page.click("[data-queue]");
  await page.waitForSelector(inTray);
}

/** Names of the runs that wait, in order. */
const waiting = (page: Page) => page.locator(`${inTray} ul li a span:first-child`).allTextContents();

/** Until the tray lists these as waiting. */
const untilWaiting = (page: Page, names: readonly string[]) =>
  expect.poll(() => waiting(page), { timeout: 30_000 }).toEqual(names);

it("shows what waits; it is moved by pointer and keys, cancelled from another page, and run again", async () => {
  const { page, errors, shot } = await openPage(browser);
  const address = await createGraph(product.url, { ...tinyClip({ steps: 100_000 }), name: "Long training" });
  await page.goto(address);
  await page.click("header button:has-text('Run')");
  await page.waitForSelector("[data-status=running]", { timeout: 60_000 });
  // The same graph again, and another one from another page.
  await page.keyboard.press("Control+Enter");
  const other = await openPage(browser);
  const hello = graph({ text: ["text.input", { text: "hello" }] });
  const helloAddress = await createGraph(product.url, { ...hello, name: "Hello" });
  await other.page.goto(helloAddress);
  await other.page.click("header button:has-text('Run')");
  await openTray(page);
  await untilWaiting(page, ["Long training", "Hello"]);
  await page.keyboard.press("Tab");
  await page.focus(`${inTray} button[aria-label^="Move Hello"]`);
  await page.keyboard.press("ArrowUp");
  await untilWaiting(page, ["Hello", "Long training"]);
  await shot("queue-tray");
  const handle = page.locator(`${inTray} button[aria-label^="Move Hello"]`);
  const below = await page.locator(`${inTray} ul li`).last().boundingBox();
  await handle.hover();
  await page.mouse.down();
  await page.mouse.move((below?.x ?? 0) + 10, (below?.y ?? 0) + (below?.height ?? 0), { steps: 4 });
  await page.mouse.up();
  await untilWaiting(page, ["Long training", "Hello"]);
  // The order is the server's: another page has it, and cancels one by its own id there.
  await other.page.goto(`${product.url}/runs`);
  await other.page.waitForSelector('[data-queue][aria-label*="1 running"]'); // the page listens
  await openTray(other.page);
  await untilWaiting(other.page, ["Long training", "Hello"]);
  await other.page.click(`${inTray} ul li button[aria-label="Cancel Long training"]`);
  await untilWaiting(page, ["Hello"]);
  await other.page.click(`${inTray} button[aria-label="Stop Long training"]`);
  await page.waitForSelector(`${inTray} a:has-text("Hello") >> text=/ago|just now/`, { timeout: 30_000 });
  await expect.poll(() => waiting(page), { timeout: 30_000 }).toEqual([]);
  await other.page.click(`${inTray} button[aria-label="Run Hello again as it was"] >> nth=0`);
  const hellos = other.page.locator(`${inTray} [data-queue-run]:has-text("Hello"):has-text("Done")`);
  await expect.poll(() => hellos.count(), { timeout: 30_000 }).toBe(2);

  // What is asked for by Shift runs before all that waits; what this browser asked for is stopped all at once.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector("[data-run-status=running]", { timeout: 60_000 });
  await page.keyboard.press("Control+Enter");
  await other.page.goto(helloAddress);
  await other.page.waitForSelector('[data-node="text"]');
  await openTray(page);
  await untilWaiting(page, ["Long training"]);
  await other.page.keyboard.press("Control+Shift+Enter");
  await untilWaiting(page, ["Hello", "Long training"]);
  await page.click(`${inTray} button:has-text("Cancel mine (2)")`);
  await expect.poll(() => waiting(page), { timeout: 30_000 }).toEqual([]);
  await other.page.waitForSelector("[data-run-status=done]", { timeout: 30_000 });
  expect([...errors, ...other.errors]).toEqual([]);
});
