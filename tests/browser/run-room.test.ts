/** What is told before, while and after a graph runs, and what can be done with runs in their list. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { browser, product, withOwnProduct } from "../kit/browser";
import { openCanvas, runToEnd } from "../kit/canvas";
import { tinyClip } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withOwnProduct();

const facts = "[data-run-facts]";
const runTitle = (page: Page) => page.getAttribute('header button:has-text("Run"):not([aria-label])', "title");

/** Lets a page believe that nobody looks at it, and notes what it notifies of. */
const unseen = `
  Object.defineProperty(Document.prototype, "hidden", { get: () => true });
  globalThis.notified = [];
  globalThis.Notification = class {
    static permission = "granted";
    static requestPermission = async () => "granted";
    constructor(title) { globalThis.notified.push(title); }
  };`;

/** Notes what the page tells while a run goes on, frame by frame. */
const noted = `
  globalThis.seen = { icons: [], paces: [], lefts: [], isOverviewLit: false };
  (function look() {
    const { seen } = globalThis;
    const note = (list, text) => text && !list.includes(text) && list.push(text);
    note(seen.icons, document.querySelector('link[rel="icon"][href^="data:image/svg"]')?.href);
    note(seen.paces, document.querySelector('[data-node="trainer"] [role="progressbar"] + p')?.textContent);
    note(seen.lefts, document.querySelector("header [data-run-status=running]")?.textContent);
    const rects = [...document.querySelectorAll(".react-flow__minimap-node")];
    seen.isOverviewLit ||= rects.some(({ style }) => style.fill.includes("--accent"));
    requestAnimationFrame(look);
  })();`;
interface Seen {
  icons: string[];
  paces: string[];
  lefts: string[];
  isOverviewLit: boolean;
}

it("a run is foreseen, told of while it goes on, and seen afterwards as heat and as a trace", async () => {
  const { page, errors, shot } = await openPage(browser);
  await page.addInitScript(unseen);
  const document = { ...tinyClip({ steps: 150, checkpoint: 50 }), name: "Told" };
  for (const [i, node] of Object.values(document.nodes).entries())
    node.position = { x: (i % 6) * 300, y: Math.floor(i / 6) * 360 };
  await openCanvas(page, await createGraph(product.url, document));
  await expect.poll(() => runTitle(page), { timeout: 20_000 }).toMatch(/would run \d+, cached 0/);
  await page.evaluate(noted);
  await page.keyboard.press("Control+Enter");
  await page.waitForFunction(() => /^\d+ %.* · Told$/.test(globalThis.document.title), undefined, { timeout: 60_000 });
  await page.waitForSelector("[data-run-status=done]", { timeout: 120_000 });
  await page.waitForFunction(() => !globalThis.document.title.includes("%"));
  const seen = await page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
  expect(new Set(seen.icons).size).toBeGreaterThan(1);
  expect(seen.paces.join("\n")).toMatch(/\d of 150.*[\d.]+ a (second|minute) · .+ left/);
  expect(seen.lefts.join("\n")).toMatch(/\d.* left/);
  expect(seen.isOverviewLit).toBe(true);
  await page.waitForSelector('link[rel="icon"][href^="data:image/svg"]', { state: "detached" });
  const notified = await page.evaluate(() => (globalThis as unknown as { notified: string[] }).notified);
  expect(notified).toHaveLength(1);
  expect(notified[0]).toMatch(/^Told is done after /);
  await expect.poll(() => runTitle(page), { timeout: 20_000 }).toMatch(/nothing to run, \d+ cached/);

  expect(await page.textContent(facts)).toMatch(/Memory at most[\d.]+ [KMG]iB/);
  for (const kind of ["time", "memory"]) {
    await page.click(`${facts} button:text-is("${kind}")`);
    await page.waitForSelector('[data-node="trainer"] [data-heat]');
  }
  const shares = await page.locator("[data-heat]").evaluateAll((all) => all.map((each) => Number(each.dataset.heat)));
  expect(shares.length).toBeGreaterThan(1);
  expect(Math.max(...shares)).toBeLessThanOrEqual(100);
  await page.click(`${facts} button:text-is("off")`);
  await page.waitForSelector("[data-heat]", { state: "detached" });

  const href = await page.getAttribute(`${facts} a:has-text("Trace of the run")`, "href");
  const trace = (await (await fetch(product.url + href)).json()) as {
    traceEvents: { ph: string; name: string; dur?: number }[];
  };
  const computed = trace.traceEvents.filter(({ ph, dur }) => ph === "X" && (dur ?? 0) >= 0);
  expect(computed.map(({ name }) => name).join()).toMatch(/Trainer/i);

  await page.click(`${facts} button:text-is("Curves")`);
  await page.waitForSelector('[role="dialog"] [data-curve-panel] .uplot >> nth=1');
  await page.hover('[role="dialog"] [data-curve-panel] .u-over >> nth=1');
  await expect.poll(async () => (await readings(page)).every((text) => /^[\d.e-]+ at step \d+/.test(text))).toBe(true);
  await shot("run-curves");
  await page.keyboard.press("Escape");

  // A parameter near the end: the estimate is of what ran before.
  await page.click(`${facts} button:text-is("Run again as it was")`);
  await page.waitForURL(/\/runs\/[0-9a-f-]+$/);
  await page.waitForSelector("[data-run-status=done]", { timeout: 60_000 });
  await page.waitForSelector('[data-node="trainer"][data-status="cached"]', { state: "attached" });
  const before = page.url();
  await page.click(`${facts} button:text-is("With today’s graph")`);
  await page.waitForURL((url) => url.href !== before);
  await page.waitForSelector("[data-run-status=done]", { timeout: 60_000 });
  await page.click(`${facts} a:has-text("Open its graph")`);
  await page.waitForURL(/\/graphs\/[0-9a-f-]+$/);
  await readsOnAPhone(page.url());
  expect(errors).toEqual([]);
  await page.close();
});

/** Nothing is wider than the screen; a curve is watched; a graph is looked at, and cannot be changed. */
async function readsOnAPhone(graph: string): Promise<void> {
  const { page, errors, shot } = await openPage(browser, { width: 390, height: 844 });
  const isWithin = async () =>
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.goto(`${product.url}/runs`);
  const run = page.locator("tbody tr[data-run] a").first();
  await run.waitFor();
  await isWithin();
  await shot("phone-runs");
  await run.click();
  await page.waitForSelector('[data-node="trainer"]');
  expect(await page.locator("aside").count()).toBe(0);
  await shot("phone-run");
  await page.click('[aria-label="Show the inspector"]');
  await page.click(`${facts} button:text-is("Curves")`);
  const curve = page.locator("[data-curve-panel] .uplot").first();
  await curve.waitFor();
  const box = await curve.boundingBox();
  expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 999) <= 390).toBe(true);
  await isWithin();
  await shot("phone-curve");
  await page.goto(graph);
  await page.waitForSelector('[data-node="trainer"]');
  await page.waitForSelector("header :text-is('read only')");
  expect(await page.locator(".react-flow__node.draggable, .react-flow__handle.connectable").count()).toBe(0);
  await isWithin();
  await shot("phone-graph");
  await page.click('[aria-label="Show the inspector"]');
  await page.waitForSelector(facts);
  await shot("phone-inspector");
  expect(errors).toEqual([]);
  await page.close();
}

const readings = (page: Page) => page.locator("[data-curve-reading]").allTextContents();

/** A panel for each line that is chosen; where the pointer is in one of them, all are read. */
async function readsAllPanels(page: Page): Promise<void> {
  const panels = page.locator("[data-curve-panel]");
  const before = await panels.count();
  expect(before).toBeGreaterThan(1);
  await page.hover("[data-curve-panel] .u-over >> nth=0");
  await expect
    .poll(async () => (await readings(page)).filter((text) => /seconds [\d.]+$/.test(text)).length)
    .toBe(before);
  await page.click('button:has-text("Lines")');
  await page.click('[role="dialog"][aria-label="Lines"] label >> nth=0');
  await page.keyboard.press("Escape");
  await expect.poll(() => panels.count()).toBe(before - 1);
}

/** Pointing at a run's column has its curves stand out above a veil, and the curves below are not drawn for it. */
async function lightsCurves(page: Page): Promise<void> {
  const panel = page.locator("[data-curve-panel] .u-wrap").first();
  const seen = () =>
    panel.evaluate((wrap) => {
      const [below, veil] = [...wrap.querySelectorAll("canvas")];
      const pixels = veil?.getContext("2d")?.getImageData(0, 0, veil.width, veil.height).data;
      return { below: below?.toDataURL(), isVeiled: pixels?.some((value) => value > 0) };
    });
  await page.hover("h1");
  await expect.poll(seen).toMatchObject({ isVeiled: false });
  const { below } = await seen();
  await page.hover("td >> nth=0");
  await expect.poll(seen).toEqual({ below, isVeiled: true });
  await page.hover("h1");
  await expect.poll(seen).toEqual({ below, isVeiled: false });
}

it("runs are starred, tagged, noted, filtered and compared, and their curves kept as files", async () => {
  const { page, errors, shot } = await openPage(browser);
  for (const [steps, lr] of [
    [40, 0.003],
    [60, 0.001],
  ] as const) {
    const document = { ...tinyClip({ steps, lr, checkpoint: 20 }), name: `Of ${steps} steps` };
    await openCanvas(page, await createGraph(product.url, document));
    await runToEnd(page);
  }
  await page.goto(`${product.url}/runs`);
  const rows = page.locator("tbody tr[data-run]");
  await page.waitForSelector("tbody tr[data-run] >> nth=1");
  await page.click('[aria-label="Give Of 40 steps a star"]');
  await page.waitForSelector('[aria-label="Take the star from Of 40 steps"]');
  await page.click('button:has-text("Starred")');
  await expect.poll(() => rows.allTextContents()).toEqual([expect.stringContaining("Of 40 steps")]);
  await page.click('button:has-text("Starred")');
  await page.check('[aria-label="Choose Of 60 steps"]');
  await page.click('button:has-text("Tags and note")');
  await page.fill('[role="dialog"] input', "kept, slow");
  await page.fill('[role="dialog"] textarea', "lower rate");
  await page.click('[role="dialog"] button:has-text("Keep")');
  await page.waitForSelector('tr:has-text("Of 60 steps"):has-text("slow")');
  await page.selectOption('select[aria-label="Tag"]', "slow");
  await expect.poll(() => rows.count()).toBe(1);
  await page.selectOption('select[aria-label="Tag"]', "");
  await page.click('button:has-text("Parameter or number")');
  await page.selectOption('[aria-label="Kind"]', "parameter");
  await page.fill('[aria-label="Name"]', "trainer.lr");
  await page.selectOption('[aria-label="Comparison"]', ">");
  await page.fill('[aria-label="Value"]', "0.002");
  await page.click('button:text-is("Add")');
  // Runs of the test before have a higher rate too.
  await expect.poll(async () => (await rows.allTextContents()).join()).not.toContain("Of 60 steps");
  expect((await rows.allTextContents()).join()).toContain("Of 40 steps");
  await page.click('[aria-label^="Without trainer"]');
  await page.selectOption('select[aria-label="Status"]', "failed");
  await page.waitForSelector("text=No run fits.");
  await page.selectOption('select[aria-label="Status"]', "");
  await expect.poll(() => rows.count()).toBeGreaterThan(1);

  await page.waitForSelector('th:has-text("trainer · memory")');
  await page.click('button:has-text("Columns")');
  await page.click('[role="dialog"][aria-label="Columns"] label:has-text("trainer · memory")');
  await page.waitForSelector('th:has-text("trainer · memory")', { state: "detached" });
  await page.keyboard.press("Escape");

  await page.check('[aria-label="Choose Of 40 steps"]');
  await page.click("text=Compare 2 runs");
  await page.waitForSelector("text=Parameters that differ");
  await page.waitForSelector(".uplot");
  const differing = await page.textContent("table");
  expect(differing).toContain("trainer · lr");
  expect(differing).not.toContain("trainer · batch");
  await page.check('[aria-label="Measure by Of 40 steps"]');
  await page.fill('[placeholder="Find a row"]', "steps");
  await expect.poll(() => page.textContent("table")).not.toContain("trainer · lr");
  await page.fill('[placeholder="Find a row"]', "loss");
  await expect
    .poll(() => page.locator("th[scope=row]:has-text('loss')").allTextContents())
    .toEqual([expect.stringMatching(/ · loss, last$/), expect.stringMatching(/ · loss, best$/)]);
  // The other run's numbers stand with how far they are from the baseline's, and whether that is better.
  const signed = page.locator("tr:has(th:has-text('loss')) td span[title*='against the baseline']");
  for (const text of await signed.allTextContents()) expect(text).toMatch(/^[+−][\d.e-]+, (better|worse)$/);
  expect(await signed.count()).toBe(2);
  await page.fill('[placeholder="Find a row"]', "");
  const outputs = page.locator('section:has(> header h2:text-is("Outputs"))');
  await lightsCurves(page);
  await page.selectOption('select[aria-label="Node"]', "trainer");
  await expect.poll(() => outputs.locator("section:has(.uplot)").count()).toBe(2);
  expect(await outputs.locator("section h3").allTextContents()).toEqual(
    expect.arrayContaining(["Of 40 steps", "Of 60 steps"]),
  );
  await page.click('[aria-label="Along"] [role="radio"]:has-text("Time")');
  await page.locator('input[type="range"]').first().fill("0.9");
  await page.getByLabel("Logarithmic", { exact: true }).check();
  await readsAllPanels(page);
  await shot("compare-looks");
  for (const [entry, file] of [
    ["All points, CSV", "curves.csv"],
    ["What is shown, PNG", "curves.png"],
    ["The whole lines, SVG", "curves.svg"],
  ] as const) {
    await page.click('[data-curve-panel] [aria-label^="Export"] >> nth=0');
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.click(`[role="menuitem"]:has-text("${entry}")`),
    ]);
    expect(download.suggestedFilename()).toBe(file);
    const bytes = readFileSync(await download.path());
    expect(bytes.length).toBeGreaterThan(200);
    if (file === "curves.csv") expect(bytes.toString().split("\n").length).toBeGreaterThan(20);
    if (file === "curves.png") expect(bytes.subarray(1, 4).toString()).toBe("PNG");
  }
  expect(errors).toEqual([]);
  await page.close();
});
