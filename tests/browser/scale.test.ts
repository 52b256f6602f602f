/** Lists and curves of many runs: all are there, and no more of them are drawn than can be seen. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestDatabase, testDatabase } from "../kit/database";
import { framesOf } from "../kit/frames";
import { manyRuns, seedManyRuns } from "../kit/many-runs";
import { openBrowser, openPage, type Product, startProduct } from "../kit/product";

const { count } = manyRuns;

let database: TestDatabase;
let product: Product;
let browser: Browser;
let compared: string[] = [];

beforeAll(async () => {
  database = await testDatabase();
  product = await startProduct({ DATABASE_URL: database.url });
  browser = await openBrowser();
  compared = await seedManyRuns(database.url);
});
afterAll(async () => {
  await browser?.close();
  await product?.stop();
  await database?.stop();
});

describe("a thousand runs", () => {
  it("are scrolled through to the last, a screen of them drawn at a time, and filtered by the server", async () => {
    const { page, errors } = await openPage(browser);
    await page.goto(`${product.url}/runs`);
    await page.waitForSelector("tbody tr[data-run]");
    await page.waitForSelector("text=1,000 runs");
    const table = page.locator("table").locator("..");
    const drawn = () => page.locator("tbody tr[data-run]").count();
    await table.hover();
    let most = 0;
    const isAtEnd = async () => (await page.getByText("run 0", { exact: true }).count()) > 0;
    const speed = await framesOf(page, async () => {
      for (let turn = 0; turn < 400 && !(await isAtEnd()); turn++) {
        await page.mouse.wheel(0, 600);
        most = Math.max(most, await drawn());
      }
    });
    console.log(JSON.stringify({ measured: "runs table", count, ...speed }));
    expect(await isAtEnd()).toBe(true);
    // Nothing of the wheel is left when the list becomes another.
    await page.mouse.wheel(0, 100_000);
    await expect
      .poll(() =>
        table.evaluate(({ scrollTop, clientHeight, scrollHeight }) => scrollHeight - clientHeight - scrollTop),
      )
      .toBeLessThan(1);
    expect(most).toBeLessThan(80);
    expect(await page.getAttribute("table", "aria-rowcount")).toBe(String(count));
    await page.fill('input[placeholder="Find a run"]', "curve");
    await page.waitForSelector("text=50 runs");
    await page.waitForFunction(() => document.querySelector("table")?.getAttribute("aria-rowcount") === "50");
    const listed = await page.locator("tbody tr[data-run]").allTextContents();
    expect(listed.length).toBeGreaterThan(0);
    expect(listed.filter((text) => !text.includes("curve"))).toEqual([]);
    // The first that fit are in sight, wherever the list was.
    await page.getByText("curve 49", { exact: true }).waitFor();
    expect(await table.evaluate((element) => element.scrollTop)).toBe(0);
    await table.hover();
    await page.mouse.wheel(0, 100_000);
    await page.getByText("curve 0", { exact: true }).waitFor();
    await page.fill('input[placeholder="Find a run"]', "run 9");
    await page.waitForSelector("text=61 runs");
    await page.getByText("run 949", { exact: true }).waitFor();
    await page.mouse.wheel(0, 100_000);
    await page.getByText("run 9", { exact: true }).waitFor();
    await page.click('th button:has-text("Graph")');
    await page.getByText("run 9", { exact: true }).waitFor();
    expect(await table.evaluate((element) => element.scrollTop)).toBe(0);
    await page.fill('input[placeholder="Find a run"]', "");
    await page.waitForSelector("text=1,000 runs");
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("fifty curves of ten thousand points", () => {
  it("are over each other, and moved through with the wheel", async () => {
    const { page, errors, shot } = await openPage(browser);
    await page.goto(`${product.url}/runs/compare?ids=${compared.join()}`);
    const plot = page.locator(".uplot .u-over").first();
    // All curves have come, and the plot is made anew no more.
    await page.waitForLoadState("networkidle", { timeout: 120_000 });
    await plot.waitFor({ timeout: 60_000 });
    await plot.scrollIntoViewIfNeeded();
    await shot("fifty-curves");
    await plot.hover();
    const picture = () =>
      page
        .locator(".uplot canvas")
        .first()
        .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    const whole = await picture();
    const speed = await framesOf(page, async () => {
      for (let turn = 0; turn < 60; turn++) {
        await page.mouse.wheel(0, turn < 40 ? -60 : 60);
        await page.waitForTimeout(16);
      }
    });
    console.log(JSON.stringify({ measured: "curves", ...manyRuns, ...speed }));
    const near = await picture();
    expect(near).not.toBe(whole);
    await plot.dblclick();
    await expect.poll(picture).not.toBe(near);
    expect(errors).toEqual([]);
    await page.close();
  });
});
