import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { browser, product, withOwnProduct } from "../kit/browser";
import { tinyClip } from "../kit/graphs";
import { createGraph, openPage, showAll } from "../kit/product";

withOwnProduct({ PATCHBAY_WORKERS: "2" });

type Visit = Awaited<ReturnType<typeof openPage>>;

it("a sweep is asked for, runs on two workers, is brushed and sorted, and its runs are compared", async () => {
  const visit = await openPage(browser);
  await opensTinyClip(visit);
  await seesScheduleWhileTyping(visit);
  await asksForSixRuns(visit);
  await brushesAndSorts(visit);
  await comparesRuns(visit);
  await findsSweepAgain(visit);
  expect(visit.errors).toEqual([]);
});

async function opensTinyClip({ page }: Visit): Promise<void> {
  const file = join(product.data, "tiny.json");
  writeFileSync(file, JSON.stringify({ ...tinyClip({ steps: 60, checkpoint: 50 }), name: "Tiny CLIP" }));
  await page.goto(product.url);
  await page.setInputFiles('input[type="file"]', file);
  await page.waitForSelector('[data-node="trainer"]');
  await showAll(page);
}

async function seesScheduleWhileTyping({ page }: Visit): Promise<void> {
  const warmup = 'aside[aria-label="Inspector"] [id="trainer-warmup"]';
  await page.click('[data-node="trainer"] [title^="Trains"]');
  await page.waitForSelector("[data-drawing] .uplot");
  await page.fill(warmup, "9000");
  await page.waitForSelector("text=A warmup of 9000 steps is longer than the run of 60.");
  await page.fill(warmup, "20");
  await page.waitForSelector("[data-drawing] .uplot");
}

async function asksForSixRuns({ page, shot }: Visit): Promise<void> {
  await page.click('button[aria-label="Other ways to run"]');
  await page.click("text=Sweep parameters…");
  for (const name of ["Learning rate", "Optimizer"]) {
    await page.click("button:has-text('Add a parameter')");
    await page.fill("[cmdk-input]", name);
    await page.waitForSelector(`[cmdk-item]:has-text("${name}")`);
    await page.keyboard.press("Enter");
  }
  await page.fill('[data-axis="trainer.lr"] input', "0.001, fast");
  await page.waitForSelector('text=Trainer: lr cannot be "fast".');
  await page.fill('[data-axis="trainer.lr"] input', "0.001, 0.003, 0.01");
  const optimizers = page.locator('[data-axis="trainer.optimizer"] button[aria-pressed]');
  for (const name of await optimizers.allTextContents())
    if (name !== "adamw" && name !== "lion") await optimizers.getByText(name, { exact: true }).click();
  await shot("10-sweep-dialog");
  await page.click('button:has-text("Start 6 runs")');
  await page.waitForURL(/\/sweeps\/[0-9a-f-]+$/);
  await page.waitForSelector("text=6 of 6 done", { timeout: 120_000 });
  await page.waitForSelector("[data-best-run]");
}

/** The table begins with the best run; a brush on the metric's axis keeps the upper part. */
async function brushesAndSorts({ page, shot }: Visit): Promise<void> {
  const metrics = async () => (await page.locator("tbody tr td:nth-child(6)").allTextContents()).map(Number);
  const all = await metrics();
  expect([all.length, all]).toEqual([6, all.toSorted((a, b) => a - b)]);
  expect(await page.locator("tr[data-best]").textContent()).toContain(String(all[0]));
  const box = await page.locator("canvas").first().boundingBox();
  if (!box) throw new Error("the plot is not on the screen");
  const axis = box.x + box.width - 70;
  await page.mouse.move(axis, box.y + 45);
  await page.mouse.down();
  await page.mouse.move(axis, box.y + box.height / 2, { steps: 6 });
  await page.mouse.up();
  await page.waitForSelector("button:has-text('Show all')");
  const kept = await metrics();
  expect(kept).toEqual(all.slice(0, kept.length));
  expect(kept.length).toBeLessThan(6);
  await shot("11-sweep");
  await page.click("button:has-text('Show all')");
  await page.waitForFunction("document.querySelectorAll('tbody tr').length === 6");
}

async function comparesRuns({ page, shot }: Visit): Promise<void> {
  for (const row of [0, 1, 5]) await page.locator("tbody tr input").nth(row).check();
  await page.click("text=Compare 3 runs");
  await page.waitForSelector("text=Parameters that differ");
  await page.waitForSelector(".uplot");
  await shot("12-compare");
}

async function findsSweepAgain({ page }: Visit): Promise<void> {
  await page.goto(`${product.url}/sweeps`);
  await page.waitForSelector("tbody tr");
  expect(await page.locator("tbody tr").textContent()).toContain("Learning rate × Optimizer");
  await page.click("tbody a");
  await page.click("[data-best-run]");
  await page.waitForSelector("[data-run-facts]:has-text('of its sweep')");
}

it("a value with which the graph is wrong is named before anything starts, and the others can be run", async () => {
  const { page, errors, shot } = await openPage(browser);
  const document = tinyClip({ steps: 4 });
  document.constants = { D: { kind: "number", value: 16 } };
  Object.assign(document.nodes.image_projector?.params ?? {}, { width: { $: "D" } });
  await page.goto(await createGraph(product.url, document));
  await page.waitForSelector('[data-node="trainer"]', { state: "attached" });
  await page.click('button[aria-label="Other ways to run"]');
  await page.click("text=Sweep parameters…");
  await page.click("button:has-text('Add a parameter')");
  await page.fill("[cmdk-input]", "Constants");
  await page.waitForSelector('[cmdk-item]:has-text("D")');
  await page.keyboard.press("Enter");
  const values = page.locator('[data-axis="$.D"] input');
  await values.fill("8, 16");
  await page.waitForSelector('[role="dialog"] [role="status"]:has-text("With D = 8:")');
  expect(await page.textContent('[role="dialog"] [role="status"]')).toMatch(/scorer\.texts expects.*16/);
  expect(await page.isDisabled('[role="dialog"] button:has-text("Start")')).toBe(true);
  await shot("sweep-of-a-wrong-constant");
  await values.fill("16");
  await page.click('button:has-text("Start 1 run")');
  await page.waitForURL(/\/sweeps\/[0-9a-f-]+$/);
  await page.waitForSelector("text=1 of 1 done", { timeout: 120_000 });
  expect(errors).toEqual([]);
  await page.close();
});
