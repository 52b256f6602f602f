import { join } from "node:path";
import { expect, it } from "vitest";
import { browser, product, withOwnProduct } from "../kit/browser";
import { graph } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

const models = join(process.cwd(), "tests/fixtures/conformance");
const folder = join(models, "qwen2");
const inspector = 'aside[aria-label="Inspector"]';
const generating = '[data-node="generate"]';

withOwnProduct({ PATCHBAY_FOLDERS: models });

const chat = () => {
  const document = graph(
    {
      text: ["text.input", { text: "What is the capital of France?" }],
      tokenizer: ["text.load-tokenizer", { source: "folder", folder }],
      chat: ["text.chat-template", { system: "Be brief." }],
      tokens: ["text.tokenize", { packing: "own", padding: "longest", special: false }],
      model: ["model.hugging-face"],
      generate: ["text.generate", { longest: 20_000 }],
    },
    [
      "text.text -> chat.text",
      "tokenizer.tokenizer -> chat.tokenizer",
      "chat.text -> tokens.text",
      "tokenizer.tokenizer -> tokens.tokenizer",
      "tokenizer.tokenizer -> generate.tokenizer",
    ],
  );
  for (const [i, node] of Object.values(document.nodes).entries())
    node.position = { x: (i % 3) * 300, y: Math.floor(i / 3) * 320 };
  return document;
};

it("a language model is uploaded and wired, its text streams to the node, stops, and is read there when it is done", async () => {
  const { page, errors, shot } = await openPage(browser);
  await page.goto(await createGraph(product.url, chat()));
  await page.click('[data-node="model"] [title^="A model from a folder"]');
  expect(await page.locator(`${inspector} #model-folder`).count()).toBe(0);
  await page.setInputFiles(
    `${inspector} input[type=file]`,
    ["config.json", "model.safetensors"].map((name) => join(folder, name)),
  );
  await page.waitForSelector(`${inspector} :text("config.json and 1 more")`);
  const wires = [
    ["tokens.ids", "model.input_ids"],
    ["tokens.mask", "model.attention_mask"],
    ["model.logits", "generate.logits"],
  ];
  for (const [from, to] of wires)
    await page.locator(`[aria-label="output ${from}"]`).dragTo(page.locator(`[aria-label="input ${to}"]`));
  await page.waitForFunction(() => document.querySelectorAll(".react-flow__edge").length === 8);

  await page.click("header button:has-text('Run')");
  await page.waitForSelector(`${generating}[data-status=running] li`, { timeout: 60_000 });
  await page.waitForSelector(`${generating} :text("tokens/s")`);
  await shot("generate-streaming");
  await page.click("header button:has-text('Stop')");
  await page.waitForSelector("[data-run-status=cancelled]");

  await page.click(`${generating} [title^="Writes on"]`);
  expect(await page.locator("#generate-beams").count()).toBe(0);
  await page.fill("#generate-longest", "12");
  await page.keyboard.press("Enter");
  await page.click("header button:has-text('Run')");
  await page.waitForSelector("[data-run-status=done]", { timeout: 60_000 });
  expect(await page.locator(`${generating} li`).allTextContents()).toHaveLength(1);
  expect(await page.locator(`${generating} :text("1 text")`).count()).toBe(1);
  await shot("generate-done");
  expect(errors).toEqual([]);
});
