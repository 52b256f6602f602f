/**
 * A language model is taught to see: data is chosen, captions and questions are learned one after the other, and the
 * adapter and the projector that come out answer a question about a picture that is dropped.
 */
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { type Changes, changed } from "../../scripts/gen/changed";
import { onTinyModels, tinyFolders } from "../../scripts/gen/tiny-models";
import { readTemplate } from "../../server/templates";
import { browser, product, withOwnProduct } from "../kit/browser";
import { createGraph, openPage, showAll } from "../kit/product";

withOwnProduct({ PATCHBAY_FOLDERS: tinyFolders.join(",") });

const inspector = 'aside[aria-label="Inspector"]';
const rows = join(process.cwd(), "tests/fixtures/templates/easy-vqa");
const question = "what color is the shape?";

it("data is chosen, two stages are trained, and what they gave answers about a picture", async () => {
  const { page, errors, shot } = await openPage(browser);
  const picture = async (name: string) => {
    await shot(`see-${name}`);
    await page.emulateMedia({ colorScheme: "dark" });
    await shot(`see-${name}-dark`);
    await page.emulateMedia({ colorScheme: "light" });
  };
  await choosesData(page, picture);
  await trainsBothStages(page, picture);
  const files = await takesAdapterAndProjector(page);
  await asks(page, files, picture);
  expect(errors).toEqual([]);
});

type Picture = (name: string) => Promise<void>;

/** A template on tiny models, with some parameters changed. */
async function tiny(id: string, changes: Changes): Promise<GraphDocument> {
  return changed(onTinyModels((await readTemplate(id)) as GraphDocument), changes);
}

async function choosesData(page: Page, picture: Picture): Promise<void> {
  const stages = [
    // Long enough to be seen by a page that is slow.
    { name: "1: captions", steps: 150, trains: "projector*=3, *", data: "caption" },
    { name: "2: questions", steps: 60, trains: "*", data: "colour=1, shape=1, yes or no=3" },
  ];
  const document = await tiny("llava-train-two-stages", {
    data: { folder: "" },
    unseen: { folder: "" },
    trainer: { stages, batch: 8, lr: 0.01, warmup: 5 },
    answers: { longest: 2 },
  });
  await page.goto(await createGraph(product.url, document));
  await page.waitForSelector('[data-node="data"]');
  await page.locator(`${inspector} :text("No folder is given")`).first().waitFor();
  expect(await page.locator(`${inspector} :text("expects")`).count()).toBe(0); // what follows from it is not told
  await picture("1-opened");
  for (const node of ["data", "unseen"]) {
    await select(page, node);
    await page.locator(`${inspector} :text("No folder is given")`).first().waitFor();
    await page.fill(`${inspector} #${node}-folder`, rows);
    await page.keyboard.press("Tab");
    await page.locator(`${inspector} :text("No folder is given")`).first().waitFor({ state: "detached" });
  }
  await select(page, "data");
  await picture("2-data");
  await select(page, "trainer");
  await page.waitForSelector(`${inspector} :text("Stages")`);
  await picture("3-stages");
}

async function trainsBothStages(page: Page, picture: Picture): Promise<void> {
  await page.click("header button:has-text('Run')");
  for (const stage of ["1: captions", "2: questions"]) {
    await page.locator(`[data-node="trainer"] :text("${stage}")`).first().waitFor({ timeout: 120_000 });
    await picture(`4-stage-${stage.slice(0, 1)}`);
  }
  await page.waitForSelector("[data-run-status=done]", { timeout: 120_000 });
  await showAll(page);
  await picture("5-trained");
  await select(page, "curve");
  await page.waitForSelector('[data-node="curve"] .uplot');
  await picture("6-curve");
  await select(page, "vqa");
  expect(await page.locator('[data-node="vqa"]').textContent()).toMatch(/12/);
  await picture("7-answers");
}

/** The files that the run gave, as a person downloads them: the adapter's two, and all weights. */
async function takesAdapterAndProjector(page: Page): Promise<{ adapter: string[]; weights: string }> {
  const files: string[] = [];
  for (const node of ["save", "checkpoint"]) {
    await select(page, node);
    const links = page.locator(`[data-node="${node}"] a[href*="/api/blobs/"]`);
    await links.first().waitFor();
    for (const link of await links.all()) {
      const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
      const path = join(product.data, download.suggestedFilename());
      await download.saveAs(path);
      files.push(path);
    }
  }
  const weights = files.find((file) => file.endsWith("small-lmm.safetensors"));
  return { adapter: files.filter((file) => file.includes("adapter_")), weights: weights ?? "" };
}

async function asks(
  page: Page,
  { adapter, weights }: { adapter: string[]; weights: string },
  picture: Picture,
): Promise<void> {
  const document = await tiny("ask-about-my-picture", {
    pictures: { source: "upload", folder: "", images: [] },
    trained: { source: "upload", folder: "" },
    adapter: { source: "upload", folder: "" },
    answers: { longest: 4 },
  });
  await page.goto(await createGraph(product.url, document));
  await page.waitForSelector('[data-node="pictures"]');
  const files = { pictures: [join(rows, "test/images/0.png")], trained: [weights], adapter };
  for (const [node, chosen] of Object.entries(files)) {
    await select(page, node);
    await page.setInputFiles(`${inspector} input[type=file]`, chosen);
  }
  await picture("8-dropped");
  await select(page, "questions");
  await page.fill(`${inspector} #questions-text`, question);
  await page.keyboard.press("Tab");
  await page.click("header button:has-text('Run')");
  await page.waitForSelector("[data-run-status=done]", { timeout: 120_000 });
  await showAll(page);
  await picture("9-asked");
  await select(page, "grid");
  await page.waitForSelector('[data-node="grid"] img');
  expect(await page.locator('[data-node="answers"] li').count()).toBe(1);
  await picture("10-answer");
}

/** Chooses a node, wherever it lies. */
async function select(page: Page, node: string): Promise<void> {
  await page.keyboard.press("Escape");
  await showAll(page);
  await page.locator(`[data-node="${node}"]`).click({ position: { x: 20, y: 12 } });
  await page.waitForSelector(inspector);
}
