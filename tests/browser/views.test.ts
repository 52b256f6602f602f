/** What is looked at in ways of its own: by light and dark, on the node and enlarged, and by pointing at it. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { browser, product, withBrowser } from "../kit/browser";
import { graph } from "../kit/graphs";
import { createGraph, openPage, showAll } from "../kit/product";

withBrowser();

const names = Array.from({ length: 1000 }, (_, i) => `thing ${i}`).join("\n");
const templates = Array.from({ length: 100 }, (_, i) => `${i}: a drawing of {}`).join("\n");

function everyView() {
  const document = graph(
    {
      data: ["data.shape-caps", { rows: 240, side: 64 }],
      small: ["image.resize", { width: 16, height: 16, kernel: "nearest" }],
      compare: ["output.before-after"],
      normalize: ["image.normalize"],
      vision: ["model.vision-transformer", { patch: 8, width: 32, layers: 2, heads: 2 }],
      similar: ["output.patch-similarity", { before: 1 }],
      map: ["output.embedding-map", { method: "UMAP" }],
      tokenizer: ["text.train-tokenizer", { vocabulary: 600 }],
      tokenize: ["text.tokenize", { packing: "own", length: 40, offsets: true }],
      tokens: ["output.show-tokens"],
      tiles: ["output.tiles-over-pictures", { by: "windows", patch: 8, window: 4, shift: 2 }],
      names: ["text.input", { text: names }],
      prompts: ["text.prompts", { templates }],
    },
    [
      "data.image -> small.image",
      "data.image -> compare.before",
      "small.image -> compare.after",
      "data.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "data.image -> similar.image",
      "vision.tokens -> similar.tokens",
      "vision.features -> map.embedding",
      "data.kind -> map.label",
      "data.image -> map.image",
      "data.caption -> tokenizer.text",
      "data.caption -> tokenize.text",
      "tokenizer.tokenizer -> tokenize.tokenizer",
      "tokenize.ids -> tokens.ids",
      "tokenize.mask -> tokens.mask",
      "tokenize.offsets -> tokens.offsets",
      "tokenizer.tokenizer -> tokens.tokenizer",
      "data.caption -> tokens.text",
      "data.image -> tiles.image",
      "names.text -> prompts.text",
    ],
  );
  for (const [i, node] of Object.values(document.nodes).entries())
    node.position = { x: (i % 5) * 300, y: Math.floor(i / 5) * 420 };
  return document;
}

/** Enlarges what a node gave, and gives the window. */
async function enlarge(page: Page, node: string) {
  await page.locator(`[data-node="${node}"] [aria-label^="Enlarge"]`).dispatchEvent("click");
  const window = page.getByRole("dialog");
  await window.waitFor();
  return window;
}
const close = (page: Page) => page.keyboard.press("Escape");

it("every view is drawn on its node and enlarged, and says what is pointed at", async () => {
  const { page, errors, shot } = await openPage(browser);
  await page.goto(await createGraph(product.url, everyView()));
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForSelector('[data-node="map"][data-status="done"]', { timeout: 120_000 });
  await page.waitForSelector('[data-node="prompts"][data-status="done"]', { timeout: 120_000 });
  const [url] = [page.url()];
  await showAll(page);
  await shot("views-on-nodes");

  const compare = await enlarge(page, "compare");
  const edge = compare.getByRole("slider").first();
  await edge.focus();
  for (let i = 0; i < 20; i++) await page.keyboard.press("ArrowLeft");
  expect(await edge.inputValue()).toBe("30");
  const clipped = compare.locator("[data-before-after] img").nth(1);
  expect(await clipped.getAttribute("style")).toContain("inset(0px 70% 0px 0px)");
  await shot("view-before-after");
  await close(page);

  // So are the pictures of any node that makes pictures of pictures, beside what came in.
  const small = await enlarge(page, "small");
  expect(await small.locator('[aria-label="Before and after"] [data-before-after]').count()).toBe(6);
  await small.getByRole("slider").first().fill("10");
  expect(await small.locator("[data-before-after] img").nth(1).getAttribute("style")).toContain(
    "inset(0px 90% 0px 0px)",
  );
  await close(page);

  const similar = await enlarge(page, "similar");
  const heat = similar.locator("[data-heat]").first();
  await heat.hover({ position: { x: 40, y: 40 } });
  await similar.getByText(/here 1$/).waitFor(); // a patch is like itself
  await shot("view-patch-heat");
  await close(page);

  const map = await enlarge(page, "map");
  const plane = map.locator("[data-embedding-map]");
  expect(await plane.getAttribute("data-embedding-map")).toBe("240");
  await page.waitForTimeout(300);
  await pointAtSome(page, map.locator("canvas"));
  await shot("view-embedding-map");
  await map.getByText("Pictures", { exact: true }).click();
  await page.waitForTimeout(300);
  await shot("view-embedding-map-pictures");
  await close(page);

  const tokens = await enlarge(page, "tokens");
  const word = tokens.locator("[data-token]").nth(1);
  await word.hover();
  expect(await tokens.locator("[data-covered] mark.bg-accent-soft").count()).toBe(1);
  await shot("view-tokens");
  await close(page);

  const tiles = await enlarge(page, "tiles");
  await tiles.locator("svg rect").nth(2).hover();
  await tiles.getByText(/^Tile 1: 32 × 16 px, from 16, 0\.$/).waitFor();
  await shot("view-tiles");
  await close(page);
  expect(errors).toEqual([]);
  await page.close();

  const dark = await openPage(browser, { dark: true });
  await dark.page.goto(url);
  await dark.page.waitForSelector('[data-node="map"] canvas');
  for (const node of ["compare", "similar", "map", "tokens", "tiles", "vision"]) {
    await enlarge(dark.page, node);
    await dark.page.waitForTimeout(500);
    await dark.shot(`view-${node}-dark`);
    await close(dark.page);
  }
  expect(dark.errors).toEqual([]);
  await dark.page.close();
});

it("a hundred thousand rows are a table of which only those in sight are drawn, and tensors have slices", async () => {
  const { page, errors, shot } = await openPage(browser);
  await page.goto(await createGraph(product.url, everyView()));
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForSelector('[data-node="map"]:is([data-status="done"],[data-status="cached"])', { timeout: 120_000 });
  await page.waitForSelector("[data-run-facts]", { timeout: 60_000 });

  const prompts = await enlarge(page, "prompts");
  const table = prompts.locator("[data-rows]");
  await table.waitFor();
  expect(await table.getAttribute("data-rows")).toBe("100000");
  await table.getByText("0: a drawing of thing 0", { exact: true }).waitFor();
  await table
    .locator("div")
    .first()
    .evaluate((scroller) => {
      scroller.scrollTop = scroller.scrollHeight;
    });
  await table.getByText("99: a drawing of thing 999", { exact: true }).waitFor();
  expect(await table.locator("tbody tr").count()).toBeLessThan(60);
  await shot("view-rows");
  await close(page);

  const vision = await enlarge(page, "vision");
  const slice = vision.locator("[data-slice]").nth(1);
  await slice.scrollIntoViewIfNeeded();
  expect(await slice.getAttribute("data-slice")).toBe("64 × 32"); // tokens by width
  await slice.getByLabel("Down").selectOption("0");
  await expect.poll(() => slice.getAttribute("data-slice")).toBe("64 × 32"); // pictures by width
  await slice.getByLabel("Place on axis 0").fill("200");
  await expect.poll(() => slice.getAttribute("data-slice")).toBe("40 × 32");
  await slice.locator("rect").first().hover();
  await slice.getByText(/^0, 0: -?\d/).waitFor();
  await shot("view-slices");
  expect(errors).toEqual([]);
  await page.close();
});

/** Moves over a map until a point is told. */
async function pointAtSome(page: Page, canvas: ReturnType<Page["locator"]>): Promise<void> {
  const box = await canvas.boundingBox();
  if (!box) throw new Error("the map is not in view");
  for (let y = 0.1; y < 1; y += 0.05) {
    for (let x = 0.1; x < 1; x += 0.02) {
      await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
      if (await page.locator("[data-told]").count()) return;
    }
  }
  throw new Error("no point of the map is told");
}
