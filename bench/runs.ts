/**
 * How the table of 1,000 runs and the comparison of 50 curves of 10,000 points move, beside plain pages with as many
 * rows and points, in turns in one run, in headless Chromium: what the browser gives on this machine is told too.
 * `npm run bench:runs -- 3`: repetitions. Builds and starts the product as `npm start` does.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { testDatabase } from "#tests/kit/database";
import { type Frames, framesOf } from "#tests/kit/frames";
import { fallingCurve, manyRuns, seedManyRuns } from "#tests/kit/many-runs";
import { openBrowser, startProduct } from "#tests/kit/product";
import { ensureChromium } from "../scripts/chromium.mjs";
import { median } from "./vit";

const repetitions = Number(process.argv[2] ?? 3);
const window = { width: 1440, height: 900 };

/** What is opened, and what is done on it, by name. */
interface Scene {
  open(page: Page): Promise<void>;
  acts: Record<string, (page: Page) => Promise<void>>;
}

const rowsOfBare = Array.from({ length: manyRuns.count }, (_, i) => {
  const cells = ["☐", "☆", `run ${i}`, "Done", "2 days ago", "60 s", `0.${i}`, ""];
  return `<tr>${cells.map((text) => `<td>${text}</td>`).join("")}</tr>`;
});
const bareTable = `<!doctype html><style>
  body { margin: 0; font: 13px sans-serif }
  div { height: 710px; width: 1110px; overflow: auto; border: 1px solid #ccc }
  table { width: 100%; border-collapse: collapse } tr { height: 46px; border-bottom: 1px solid #ddd }
</style><div><table>${rowsOfBare.join("")}</table></div>`;

/** uPlot alone with all points. */
async function bareCurves(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ["bench/runs/bare-curves.ts"],
    bundle: true,
    minify: true,
    write: false,
  });
  const curves = Array.from({ length: manyRuns.curves }, (_, i) => fallingCurve(i));
  const given = JSON.stringify({ curves, width: 1070, height: 300 });
  const style = readFileSync("node_modules/uplot/dist/uPlot.min.css", "utf8");
  return `<!doctype html><style>${style}</style><body><script type="application/json" id="given">${given}</script>
    <script>${outputFiles[0]?.text}</script>`;
}

async function scroll(page: Page): Promise<void> {
  await page.locator("table").locator("..").hover();
  for (let i = 0; i < 120; i++) {
    await page.mouse.wheel(0, 300);
    await sleep(12);
  }
}

async function zoom(page: Page): Promise<void> {
  await page.locator(".u-over").first().hover();
  for (let i = 0; i < 90; i++) {
    await page.mouse.wheel(0, i % 60 < 30 ? -60 : 60);
    await sleep(12);
  }
}

async function point(page: Page): Promise<void> {
  const { x = 0, y = 0, width = 0, height = 0 } = (await page.locator(".u-over").first().boundingBox()) ?? {};
  for (let i = 0; i < 120; i++) {
    await page.mouse.move(x + width * (0.5 + 0.4 * Math.sin(i / 15)), y + height * (0.5 + 0.4 * Math.sin(i / 11)));
    await sleep(12);
  }
}

async function smooth(page: Page): Promise<void> {
  const range = page.locator('input[type="range"]').first();
  await range.scrollIntoViewIfNeeded();
  const { x = 0, y = 0, width = 0, height = 0 } = (await range.boundingBox()) ?? {};
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  for (let i = 0; i < 90; i++) {
    await page.mouse.move(x + width * (0.5 + 0.4 * Math.sin(i / 15)), y + height / 2);
    await sleep(12);
  }
  await page.mouse.up();
}

async function openRuns(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/runs`);
  await page.waitForSelector("text=1,000 runs");
  await page.waitForSelector("tbody tr[data-run]");
}

async function openCurves(page: Page, url: string, ids: readonly string[]): Promise<void> {
  await page.goto(`${url}/runs/compare?ids=${ids.join()}`);
  await page.waitForLoadState("networkidle");
  await page.locator(".u-over").first().scrollIntoViewIfNeeded();
}

async function measure(browser: Browser, scenes: Record<string, Scene>): Promise<Record<string, Frames>> {
  const taken: Record<string, Frames> = {};
  for (const [name, { open, acts }] of Object.entries(scenes)) {
    const page = await browser.newPage({ viewport: window });
    await open(page);
    await sleep(1500);
    for (const [act, move] of Object.entries(acts)) taken[`${name}, ${act}`] = await framesOf(page, () => move(page));
    await page.close();
  }
  return taken;
}

const database = await testDatabase();
const product = await startProduct({ DATABASE_URL: database.url });
process.env.CHROMIUM_PATH ??= ensureChromium();
const browser = await openBrowser();
try {
  const ids = await seedManyRuns(database.url);
  const plot = await bareCurves();
  const scenes: Record<string, Scene> = {
    empty: { open: async () => {}, acts: { waited: () => sleep(2000) } },
    "plain table": { open: (page) => page.setContent(bareTable), acts: { scrolled: scroll } },
    "table of runs": { open: (page) => openRuns(page, product.url), acts: { scrolled: scroll } },
    "uPlot alone": { open: (page) => page.setContent(plot), acts: { zoomed: zoom, "pointed at": point } },
    curves: {
      open: (page) => openCurves(page, product.url, ids),
      acts: { zoomed: zoom, "pointed at": point, smoothed: smooth },
    },
  };
  const rounds: Record<string, Frames>[] = [];
  for (let round = 0; round < repetitions; round++) {
    rounds.push(await measure(browser, scenes));
    console.error(JSON.stringify(rounds.at(-1)));
  }
  const middle = (name: string, figure: keyof Frames) => median(rounds.map((round) => round[name]?.[figure] ?? 0));
  const figures = Object.keys(rounds[0] ?? {}).map((name) => [
    name,
    { perSecond: middle(name, "perSecond"), middle: middle(name, "middle"), p95: middle(name, "p95") },
  ]);
  console.log(JSON.stringify({ bench: "runs", ...manyRuns, repetitions, ...Object.fromEntries(figures) }));
} finally {
  await browser.close();
  await product.stop();
  await database.stop();
}
