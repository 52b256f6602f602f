import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { browser, product, startAgain, withOwnProduct } from "../kit/browser";
import { dragBetween, middleOf } from "../kit/canvas";
import { openPage, showAll } from "../kit/product";
import { tinyClip } from "../kit/graphs";

withOwnProduct();

const inspector = 'aside[aria-label="Inspector"]';
const trainerChart = '[data-node="trainer"] .uplot';

const statusOf = (page: Page, node: string) => page.getAttribute(`[data-node="${node}"]`, "data-status");

/** Presses Run and waits for the end. */
async function runGraph(page: Page): Promise<void> {
  await page.click("header button:has-text('Run')");
  await page
    .waitForSelector("[data-run-status=queued], [data-run-status=running]", { timeout: 20_000 })
    .catch(() => {}); // a cached run may be over before it was seen
  await sleep(300);
  await page.waitForSelector("[data-run-status=done]", { timeout: 240_000 });
}

/** Opens a graph from a file, as one that was exported. */
async function openFile(page: Page, name: string, document: GraphDocument): Promise<void> {
  const file = join(product.data, name);
  writeFileSync(file, JSON.stringify(document));
  await page.goto(product.url);
  await page.setInputFiles('input[type="file"]', file);
  await page.waitForSelector('[data-node="trainer"]');
  await showAll(page);
}

describe("a first visit", () => {
  type Visit = Awaited<ReturnType<typeof openPage>>;

  it("goes from the gallery to previews, a changed parameter, a training, its curve and its result", async () => {
    const visit = await openPage(browser);
    await seesPreviewsOfTemplate(visit);
    await runsLastNodeAlone(visit);
    await trains(visit);
    await findsResultAgain(visit);
    expect(visit.errors).toEqual([]);
  });

  async function seesPreviewsOfTemplate({ page, shot }: Visit): Promise<void> {
    await page.goto(product.url);
    await page.waitForSelector("[data-template]");
    expect(await page.locator("[data-template]").count()).toBe(readdirSync("nodes/templates").length);
    await shot("1-gallery");
    await page.click('[data-template="image-embeddings"]');
    await page.waitForSelector('[data-node="vision"]');
    await runGraph(page);
    await page.waitForSelector('[data-node="heatmap"] table');
    expect(await page.locator('[data-node="grid"] img').count()).toBeGreaterThan(4);
    await page.keyboard.press("1");
    await sleep(400);
    await shot("2-previews");
  }

  /** A parameter of the last node: only that node runs again. */
  async function runsLastNodeAlone({ page, shot }: Visit): Promise<void> {
    await page.click('[data-node="heatmap"] [title^="Shows how"]');
    await page.fill(`${inspector} input[inputmode=decimal]`, "6");
    await page.waitForSelector("[data-saved=saved]");
    await runGraph(page);
    expect(await statusOf(page, "heatmap")).toBe("done");
    expect(await statusOf(page, "similarity")).toBe("cached");
    await shot("3-partial-run");
  }

  async function trains({ page, shot }: Visit): Promise<void> {
    const document = tinyClip({ steps: 150, checkpoint: 50 });
    for (const [i, node] of Object.values(document.nodes).entries())
      node.position = { x: (i % 6) * 280, y: Math.floor(i / 6) * 320 };
    await openFile(page, "tiny.json", document);
    await page.click("header button:has-text('Run')");
    await page.waitForSelector(trainerChart, { timeout: 120_000 });
    await shot("4-training");
    await page.waitForSelector("[data-run-status=done]", { timeout: 240_000 });
    await page.waitForSelector(trainerChart);
    await page.keyboard.press("1");
    await sleep(500);
    await shot("5-trained");
  }

  /** The result stays: after a reload, in the list of runs, and in the run's snapshot. */
  async function findsResultAgain({ page, shot }: Visit): Promise<void> {
    await page.reload();
    await page.waitForSelector(trainerChart);
    await page.goto(`${product.url}/runs`);
    await page.waitForSelector("tbody tr");
    expect(await page.locator("tbody tr").count()).toBe(3);
    await shot("6-runs");
    await page.click("tbody tr:first-child a");
    await page.waitForSelector(trainerChart);
    expect(await page.locator("header button:has-text('Run')").count()).toBe(0);
  }
});

describe("editing", () => {
  const search = 'aside[aria-label="Nodes"] input';

  it("refuses a wrong wire and says why, shows problems, undoes and redoes, and saves by itself", async () => {
    const { page, errors, shot } = await openPage(browser);
    await page.goto(product.url);
    await page.click("header button:has-text('New graph')");
    await page.waitForSelector(".react-flow__pane");
    for (const name of ["Prompt templates", "Resize"]) {
      await page.fill(search, name);
      await page.press(search, "Enter");
      await sleep(250);
    }
    await page.click("button[aria-label=Arrange]");
    await sleep(400);
    expect(await page.textContent('[data-node="resize"]')).toContain("Not wired yet: image");
    await dragWire(page, '[aria-label="output prompts.text"]', '[aria-label="input resize.image"]');
    await page.waitForSelector("text=resize.image expects image, but prompts.text gives text.");
    expect(await page.locator(".react-flow__edge").count()).toBe(0);
    await shot("7-refused-wire");
    await page.click("button:has-text('Close')");

    await page.fill(search, "Load images");
    await page.press(search, "Enter");
    await page.click("button[aria-label=Arrange]");
    await sleep(500);
    await dragWire(page, '[aria-label="output load.image"]', '[aria-label="input resize.image"]');
    await page.waitForSelector(".react-flow__edge");
    await page.click(".react-flow__pane", { position: { x: 300, y: 500 } });
    await page.keyboard.press("Control+z");
    await page.waitForSelector(".react-flow__edge", { state: "detached" });
    await page.keyboard.press("Control+Shift+z");
    await page.waitForSelector(".react-flow__edge");

    await page.waitForSelector("[data-saved=saved]");
    await page.reload();
    await page.waitForSelector(".react-flow__edge");
    expect(await page.locator("[data-node]").count()).toBe(3);
    // A bad parameter is named in the inspector and on the node; running it is refused with a sentence.
    await page.click("header button:has-text('Run')");
    await page.waitForSelector("text=No picture is chosen.");
    expect(errors).toEqual([]);
  });

  async function dragWire(page: Page, from: string, to: string): Promise<void> {
    for (const end of [to, from]) await page.locator(end).hover(); // nodes may still glide to their places
    await dragBetween(page, await middleOf(page, from), await middleOf(page, to));
  }

  it.each([
    [1440, 900, false],
    [1024, 700, false],
    [1440, 900, true],
    [1024, 700, true],
  ])("looks finished at %i × %i, dark: %s", async (width, height, dark) => {
    const { page, errors, shot } = await openPage(browser, { width, height, dark });
    const look = `${width}-${dark ? "dark" : "light"}`;
    await page.goto(product.url);
    await page.waitForSelector("[data-template]");
    await shot(`8-start-${look}`);
    await page.click('[data-template="clip-zero-shot-emoji"]');
    await page.waitForSelector('[data-node="scorer"]');
    await showAll(page);
    await page.click('.react-flow__node[data-id="image_tower"]');
    await page.keyboard.press("Shift+1");
    await sleep(600);
    await shot(`9-editor-${look}`);
    const nothingSticksOut =
      "document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight";
    expect(await page.evaluate(nothingSticksOut)).toBe(true);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("a page elsewhere", () => {
  it("cannot reach in: other names for this machine are refused, and so are forms and foreign uploads", async () => {
    const { port } = new URL(product.url);
    const ask = (path: string, method: string, headers: Record<string, string>) =>
      new Promise<number | undefined>((done) =>
        request({ host: "127.0.0.1", port, path, method, headers }, (r) => done(r.statusCode)).end(),
      );
    expect(await ask("/", "GET", { host: "evil.example" })).toBe(421);
    expect(await ask("/api/uploads", "POST", { "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await ask("/api/trpc/graphs.create", "POST", { "content-type": "text/plain" })).toBe(415);
    expect(await ask("/api/blobs/..%2f..%2fetc%2fpasswd", "GET", {})).toBe(404);
    expect(await ask("/", "GET", { host: `localhost:${port}` })).toBe(200);
  });
});

describe("kill -9", () => {
  it("of the web process during a training: the page finds it again, and the run ends with every point", async () => {
    const { page } = await openPage(browser);
    await openFile(page, "long.json", tinyClip({ steps: 800, checkpoint: 100, seed: 9 }));
    await page.click("header button:has-text('Run')");
    await page.waitForSelector(trainerChart, { timeout: 120_000 });
    const children = ["-P", String(product.process.pid)];
    const web = spawnSync("pgrep", [...children, "-f", "web.mjs"], { encoding: "utf8" });
    process.kill(Number(web.stdout.trim()), "SIGKILL");
    await page.waitForSelector("[data-run-status=done]", { timeout: 240_000 });
    expect(product.log()).toContain("web ended (SIGKILL) and is started again");
    const preview = await page.evaluate(`document.querySelector('[data-node="trainer"] .uplot') !== null`);
    expect(preview).toBe(true);
  });

  it("of the launcher: the next start finds what it left, and everything is there", async () => {
    product.process.kill("SIGKILL");
    await sleep(1500);
    await startAgain();
    expect(product.log()).toContain("going on from what it left");
    const { page } = await openPage(browser);
    await page.goto(`${product.url}/runs`);
    await page.waitForSelector("tbody tr");
    expect(await page.locator("tbody tr").count()).toBeGreaterThanOrEqual(4);
  });

  it("is not what Ctrl-C does: all processes end, and the database is shut down cleanly", async () => {
    await product.stop();
    expect(product.log()).toContain("stopped");
    expect(existsSync(join(product.data, "pg/postmaster.pid"))).toBe(false);
    expect(existsSync(join(product.data, "start.json"))).toBe(false);
    expect(spawnSync("pgrep", ["-f", product.data], { encoding: "utf8" }).stdout.trim()).toBe("");
  });
});
