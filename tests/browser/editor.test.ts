import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { browser, product, withBrowser } from "../kit/browser";
import { graph, tinyClip } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withBrowser();

/** Chains of ten nodes, one below the other. */
function rows(count: number): GraphDocument {
  const names = Array.from({ length: count }, (_, i) => `n${i}`);
  const nodes = names.map((name, i): [string, [string]] => [name, [i % 10 ? "image.augment" : "data.emoji"]]);
  const wires = names.flatMap((name, i) => (i % 10 ? [`n${i - 1}.image -> ${name}.image`] : []));
  return spread(graph(Object.fromEntries(nodes), wires), 10, 220);
}

function spread(document: GraphDocument, perRow: number, rowHeight: number): GraphDocument {
  for (const [i, node] of Object.values(document.nodes).entries()) {
    node.position = { x: (i % perRow) * 300, y: Math.floor(i / perRow) * rowHeight };
  }
  return document;
}

/**
 * React tells its developer tools of every commit, in a production build too: this counts those since the first node.
 */
const countCommits = `
  globalThis.commits = 0;
  globalThis.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
    supportsFiber: true,
    renderers: new Map(),
    inject: () => 1,
    onCommitFiberRoot: () => {
      if (document.querySelector(".react-flow__node")) globalThis.commits++;
    },
    onCommitFiberUnmount() {},
    onPostCommitFiberRoot() {},
  };`;

/** The commits that it takes until a graph lies open. No node can have been drawn more often than that. */
async function commitsToOpen(document: GraphDocument): Promise<number> {
  const { page, errors } = await openPage(browser);
  await page.addInitScript(countCommits);
  await page.goto(await createGraph(product.url, document));
  await seesGraph(page);
  await sleep(1500);
  const commits = await page.evaluate<number>("globalThis.commits");
  expect(errors).toEqual([]);
  await page.close();
  return commits;
}

/** Waits until a graph can be seen: its wires, which have no height where they are level, or its picture from afar. */
async function seesGraph(page: Page): Promise<void> {
  await page.waitForSelector(".react-flow__node");
  await page.waitForSelector(".react-flow__edge, canvas[data-nodes]", { state: "attached" });
}

/** Turns the wheel over a node until it is near. */
async function comeNear(page: Page, node: string): Promise<void> {
  const box = await page.locator(`.react-flow__node[data-id="${node}"]`).boundingBox();
  if (!box) throw new Error(`${node} is not on the screen`);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (let turn = 0; turn < 5; turn++) {
    await page.mouse.wheel(0, -300);
    await sleep(100);
  }
}

describe("a large graph", () => {
  it("opens in as many commits as a small one: no node is drawn again because another was measured", async () => {
    const small = await commitsToOpen(rows(30));
    const large = await commitsToOpen(rows(300));
    expect(small).toBeGreaterThan(0);
    expect(large).toBeLessThan(small + 15);
  });

  it("is drawn as one picture from afar, and as cards from near, whose ports can be wired", async () => {
    const document = rows(300);
    document.wires = document.wires.filter((wire) => wire.to.node !== "n2");
    const { page, errors } = await openPage(browser);
    await page.goto(await createGraph(product.url, document));
    await page.waitForSelector(`canvas[data-nodes="300"][data-wires="${document.wires.length}"]`);
    await sleep(500);
    expect(await page.locator('[data-node="n1"] [title]').count()).toBe(0);
    await comeNear(page, "n1");
    await page.waitForSelector('[data-node="n1"] [title]');
    expect(await page.locator("canvas[data-nodes]").count()).toBe(0);
    const wires = await page.locator(".react-flow__edge").count();
    await drag(page, '[aria-label="output n1.image"]', '[aria-label="input n2.image"]');
    await page.waitForFunction(
      (count) => globalThis.document.querySelectorAll(".react-flow__edge").length === count,
      wires + 1,
    );
    await page.waitForSelector("[data-saved=saved]");
    expect(errors).toEqual([]);
    await page.close();
  });
});

async function drag(page: Page, from: string, to: string): Promise<void> {
  const start = await page.locator(from).boundingBox();
  const end = await page.locator(to).boundingBox();
  if (!start || !end) throw new Error(`${from} or ${to} is not on the screen`);
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2);
  await sleep(100);
  await page.mouse.down();
  await page.mouse.move((start.x + end.x) / 2, start.y, { steps: 4 });
  await page.mouse.move(end.x + end.width / 2, end.y + end.height / 2, { steps: 8 });
  await page.mouse.up();
}

const stopKeys = "Control+Alt+Enter";
const statusOf = (page: Page) => page.getAttribute("[data-run-status]", "data-run-status");

async function startTraining(page: Page): Promise<void> {
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector("[data-run-status=running]", { timeout: 60_000 });
  await page.waitForSelector('[data-node="trainer"] .uplot', { timeout: 120_000 });
}

describe("a run", () => {
  it("goes on when Escape is pressed, and is stopped by its own keys: at once, or after a question", async () => {
    const { page, errors, shot } = await openPage(browser);
    const training = spread(tinyClip({ steps: 100_000, checkpoint: 90_000 }), 6, 320);
    await page.goto(await createGraph(product.url, training));
    await seesGraph(page);
    await sleep(1000); // until the view is fitted, nothing lies where it was
    await startTraining(page);
    await page.click('[data-node="trainer"] [title]');
    await page.waitForSelector(".react-flow__node.selected");

    // Escape chooses nothing; a second one has nothing left to do.
    await page.keyboard.press("Escape");
    await page.waitForSelector(".react-flow__node.selected", { state: "detached" });
    await page.keyboard.press("Escape");
    await sleep(1500);
    expect(await statusOf(page)).toBe("running");

    // Little is lost yet.
    await page.keyboard.press(stopKeys);
    await page.waitForSelector("[data-run-status=cancelled]", { timeout: 30_000 });
    expect(await page.locator("[role=alertdialog]").count()).toBe(0);

    await startTraining(page);
    await page.clock.setFixedTime(Date.now() + 10 * 60_000);
    await page.keyboard.press(stopKeys);
    await page.waitForSelector("[role=alertdialog]");
    await shot("stop-question");
    await page.keyboard.press("Escape");
    await page.waitForSelector("[role=alertdialog]", { state: "detached" });
    await sleep(1500);
    expect(await statusOf(page)).toBe("running");
    await page.click("header button:has-text('Stop')");
    await page.click("[role=alertdialog] button:has-text('Stop the run')");
    await page.waitForSelector("[data-run-status=cancelled]", { timeout: 30_000 });
    expect(errors).toEqual([]);
  });
});
