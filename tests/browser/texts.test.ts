import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { browser, product, withBrowser } from "../kit/browser";
import { openPage } from "../kit/product";

withBrowser();

const textNode = (text: string) => ({ type: "text.input", version: 1, params: { text } });
const graphOf = (nodes: object, more: object = {}) => ({ schema: 1, name: "Texts", nodes, wires: [], ...more });
const half = "smile \ud83d";

async function openFile(page: Page, name: string, content: string | Uint8Array): Promise<void> {
  const file = join(product.data, name);
  writeFileSync(file, content);
  await openStart(page);
  await page.setInputFiles('input[type="file"]', file);
}

/** The start page; its list is there only once the page listens to what is done to it. */
async function openStart(page: Page): Promise<void> {
  await page.goto(product.url);
  await page.waitForSelector("section[aria-labelledby=graphs] :is(a, h2 + p)");
}

const listedNames = (page: Page) =>
  page.locator("section[aria-labelledby=graphs] a span:first-child").allTextContents();

describe("a file that is opened", () => {
  it.each([
    [
      "comfy.json",
      JSON.stringify({ "3": { class_type: "KSampler", inputs: {} } }),
      "This is a ComfyUI workflow, not a",
    ],
    ["config.json", JSON.stringify({ model_type: "clip" }), "This is a model's configuration from Hugging Face"],
    [
      "twice.json",
      '{"schema":1,"nodes":{"a":{"type":"x.y"},"a":{"type":"x.y"}},"wires":[]}',
      "Two nodes have the id “a”",
    ],
    ["deep.json", `{"schema":1,"nodes":${"[".repeat(5000)}${"]".repeat(5000)},"wires":[]}`, "no Patchbay graph"],
    ["picture.json", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0xff), "This is no text"],
  ])("and is no graph is told to be none: %s", async (name, content, message) => {
    const { page, errors } = await openPage(browser);
    await openFile(page, name, content);
    await page.getByText(message).waitFor();
    expect(errors).toEqual([]);
    await page.close();
  });

  it("in UTF-16 is read", async () => {
    const { page } = await openPage(browser);
    const text = JSON.stringify(graphOf({ a: textNode("é") }, { name: "Añejo" }));
    await openFile(page, "utf16.json", Buffer.from(`\ufeff${text}`, "utf16le"));
    await page.waitForSelector('[data-node="a"]');
    expect(await page.inputValue('[aria-label="Name of the graph"]')).toBe("Añejo");
    await page.close();
  });

  it("with half a character in any text opens, and so does the list of all graphs afterwards", async () => {
    const { page, errors } = await openPage(browser);
    const node = { ...textNode(half), title: half, note: half };
    await openFile(page, "half.json", JSON.stringify(graphOf({ a: node }, { name: half, description: half })));
    await page.waitForSelector('[data-node="a"]');
    await openStart(page);
    expect(await listedNames(page)).toContain("smile �");
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("a picture whose name is long", () => {
  it("keeps whole characters and its ending, is saved, and the list of all graphs stays", async () => {
    const { page, errors } = await openPage(browser);
    await openFile(
      page,
      "load.json",
      JSON.stringify(graphOf({ load: { type: "image.load", version: 1, params: {} } })),
    );
    await page.click('[data-node="load"]');
    const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const name = `${"x".repeat(195)}😀😀😀😀.png`;
    await page.setInputFiles('aside[aria-label="Inspector"] input[type="file"]', {
      name,
      mimeType: "image/png",
      buffer: Buffer.from(png, "base64"),
    });
    const picture = page.locator('aside[aria-label="Inspector"] img');
    await picture.waitFor();
    expect(await picture.getAttribute("alt")).toBe(`${"x".repeat(195)}.png`);
    await page.waitForSelector("[data-saved=saved]");
    await openStart(page);
    expect(await listedNames(page)).toContain("Texts");
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("a title", () => {
  it("that is typed keeps its spaces", async () => {
    const { page } = await openPage(browser);
    await openFile(page, "title.json", JSON.stringify(graphOf({ a: textNode("") })));
    await page.click('[data-node="a"]');
    const title = page.locator('aside[aria-label="Inspector"] input[aria-label="Title"]');
    await title.fill("My");
    await title.pressSequentially(" own words");
    expect(await title.inputValue()).toBe("My own words");
    await page.waitForSelector("[data-saved=saved]");
    await page.close();
  });
});
