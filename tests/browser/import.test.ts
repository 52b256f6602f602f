import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { graph } from "../kit/graphs";
import { openBrowser, openPage, type Product, startProduct } from "../kit/product";

let product: Product;
let browser: Browser;
beforeAll(async () => {
  product = await startProduct();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await product?.stop();
});

it("a foreign ONNX model is uploaded, shows its ports at once, and runs", async () => {
  const { page, errors, shot } = await openPage(browser);
  const file = join(product.data, "foreign.json");
  const document = graph(
    {
      text: ["text.input", { text: "a red apple" }],
      tokenizer: ["text.load-tokenizer"],
      tokens: ["text.tokenize", { length: 7 }],
      model: ["model.onnx", { source: "upload" }],
      export: ["output.export-onnx"],
    },
    [
      "text.text -> tokens.text",
      "tokenizer.tokenizer -> tokens.tokenizer",
      "tokens.ids -> model.ids",
      "model.y -> export.tensor",
    ],
  );
  for (const [i, node] of Object.values(document.nodes).entries()) node.position = { x: i * 290, y: (i % 2) * 160 };
  writeFileSync(file, JSON.stringify(document));
  await page.goto(product.url);
  await page.setInputFiles('input[type="file"]', file);
  await page.waitForSelector('[data-node="model"] :text("No model is chosen.")');
  expect(await page.locator('[aria-label="input model.ids"]').count()).toBe(0);

  await page.click('[data-node="model"] [title^="A model from an .onnx file"]');
  const upload = 'aside[aria-label="Inspector"] input[type=file]';
  await page.setInputFiles(upload, "package.json");
  await page.waitForSelector(':text("This cannot be read as an ONNX model")');
  await page.setInputFiles(upload, "tests/fixtures/onnx/text.onnx");
  await page.waitForSelector('[aria-label="input model.ids"]');
  await page.waitForSelector('[aria-label="output model.y"]');
  await page.waitForSelector('aside[aria-label="Inspector"] :text("[text.N, 7] int64")');
  expect(await page.locator(".react-flow__edge").count()).toBe(4);
  await shot("import-onnx");

  await page.click("header button:has-text('Run')");
  await page.waitForSelector("[data-run-status=failed], [data-run-status=done]", { timeout: 120_000 });
  // Token ids of this tokenizer go beyond the model's thirty: the run says so, and the export needs no data.
  expect(await page.getAttribute('[data-node="export"]', "data-status")).toBe("done");
  await shot("import-onnx-run");
  expect(errors).toEqual([]);
});
