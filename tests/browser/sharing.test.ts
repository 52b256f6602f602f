import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { findingsInBothLooks } from "../kit/axe";
import { browser, product, withBrowser } from "../kit/browser";
import { dropFile, runToEnd } from "../kit/canvas";
import { graph } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withBrowser();
mkdirSync("test-results/shots", { recursive: true });

const shot = (page: Page, name: string) => page.screenshot({ path: `test-results/shots/sharing-${name}.png` });

const document = () => {
  const made = graph({ data: ["data.emoji", { limit: 4 }], resize: ["image.resize", { width: 64, height: 64 }] }, [
    "data.image -> resize.image",
  ]);
  for (const [i, node] of Object.values(made.nodes).entries()) node.position = { x: i * 320, y: 0 };
  return { ...made, name: "Small drawings", description: "Drawings, made small." };
};

async function openPublishing(page: Page): Promise<void> {
  await page.locator("header").getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Publish as a template…" }).click();
  await page.waitForSelector("[data-publish]");
}

async function publishAs(page: Page, name: string, button: string): Promise<void> {
  await page.getByLabel("Name of the graph as it is now").fill(name);
  await page.getByRole("button", { name: "Name it" }).click();
  await page.waitForSelector("[data-form-editor]");
  await page.getByLabel("I have looked at what leaves").check();
  await page.getByRole("button", { name: button, exact: true }).click();
}

describe("a template", () => {
  it("is published from a version, found, used and updated, with what the update changes", async () => {
    const { page, errors } = await openPage(browser);
    const source = await createGraph(product.url, document());
    await page.goto(source);
    await page.waitForSelector('[data-node="resize"]');
    await runToEnd(page);

    await openPublishing(page);
    await page.getByLabel("Tags").fill("drawings, small");
    await page.getByLabel("Licence").fill("MIT");
    await page.getByLabel("Name of the graph as it is now").fill("first");
    await page.getByRole("button", { name: "Name it" }).click();
    await page.getByLabel("Add a parameter…").selectOption("resize.width");
    await page.getByLabel("What Resize · Width is called").fill("How wide");
    await page.getByRole("button", { name: "Help and choices of Resize · Width" }).click();
    await page.getByLabel("Help for Resize · Width").fill("Smaller is faster.");
    await page.getByLabel("Offer only some values").check();
    await page.getByLabel("What 64 of Resize · Width is called").fill("small");
    await page.getByLabel("Another value of Resize · Width").fill("48");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("button", { name: "48 up" }).click();
    await page.getByRole("button", { name: "Group", exact: true }).click();
    await page.getByLabel("Title of group 2").fill("Data");
    await page.getByLabel("Add a parameter…").selectOption("data.limit");
    await shot(page, "form");
    await page
      .getByRole("radio", { name: /Result of/ })
      .first()
      .click();
    await shot(page, "publish");
    expect(await findingsInBothLooks(page, "publishing")).toEqual([]);
    const publish = page.getByRole("button", { name: "Publish", exact: true });
    expect(await publish.isDisabled()).toBe(true);
    await page.getByLabel("I have looked at what leaves").check();
    await publish.click();
    await page.getByText("Published: it is in the gallery.").waitFor();

    await page.goto(product.url);
    await page.getByLabel("Search templates").fill("small drawings");
    await shot(page, "gallery");
    await page
      .getByRole("button", { name: /Small drawings/ })
      .first()
      .click();
    await page.waitForURL(/templates/);
    await page.getByText("How wide: 48, small").waitFor();
    await page.getByText("Smaller is faster.").waitFor();
    await shot(page, "template");
    await page.getByRole("button", { name: "Use this" }).click();
    await page.waitForURL(/graphs/);
    const used = page.url();
    expect(used).not.toBe(source);
    await page.getByText("From Small drawings, version 1").waitFor();

    await page.goto(source);
    await page.click('[data-node="resize"] > div >> nth=0');
    await page.fill('aside[aria-label="Inspector"] input[id="resize-width"]', "48");
    await page.keyboard.press("Tab");
    await openPublishing(page);
    await page.getByLabel("What is new").fill("Smaller pictures.");
    // What is published is the version that gets its name, however long that takes.
    await page.route(/graphs\.nameVersion/, (route) => setTimeout(() => void route.continue(), 1000));
    await publishAs(page, "second", "Publish version 2");
    await page.getByText("Version 2 is in the gallery.").waitFor();

    await page.goto(used);
    await page.waitForSelector('[data-node="resize"]');
    await page.locator("[data-update-available]").click();
    await page.waitForSelector("[data-update]");
    await page.getByText("Smaller pictures.").waitFor();
    await page.waitForSelector("[data-changes]");
    await shot(page, "update");
    await page.getByRole("button", { name: "Take version 2" }).click();
    await page.waitForURL(used);
    await page.getByText("From Small drawings, version 2").waitFor();
    await page.click('[data-node="resize"] > div >> nth=0');
    expect(await page.inputValue('aside[aria-label="Inspector"] input[id="resize-width"]')).toBe("48");
    expect(errors).toEqual([]);

    await page.setViewportSize({ width: 1024, height: 700 });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.goto(product.url);
    await page.getByLabel("Search templates").fill("small drawings");
    await shot(page, "gallery-dark");
    await page
      .getByRole("button", { name: /Small drawings/ })
      .first()
      .click();
    await page.waitForURL(/templates/);
    await shot(page, "template-dark");
    await page.goto(source);
    await page.waitForSelector('[data-node="resize"]');
    await openPublishing(page);
    await page.waitForSelector("[data-form-editor]");
    await shot(page, "publish-dark");
    await page.locator("[data-leaving]").scrollIntoViewIfNeeded();
    await shot(page, "leaving-dark");
    await page.close();
  });
});

describe("a bundle", () => {
  it("is exported, and opens where it is dropped", async () => {
    const { page } = await openPage(browser);
    await page.goto(await createGraph(product.url, document()));
    await page.waitForSelector('[data-node="resize"]');
    await page.locator("header").getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("menuitem", { name: "Export…" }).click();
    await page.getByRole("radio", { name: "Bundle" }).click();
    await shot(page, "export");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export", exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("Small drawings.patchbay");
    const bytes = await readFile(await download.path());
    await page.goto(product.url);
    // The list is there once the page listens.
    await page.waitForSelector("section[aria-labelledby=graphs] a");
    await dropFile(page, "main", "mine.patchbay", "application/octet-stream", bytes);
    await page.waitForURL(/graphs/);
    await page.waitForSelector('[data-node="resize"]');

    await page.goto(product.url);
    await page.waitForSelector("section[aria-labelledby=graphs] a");
    await dropFile(page, "main", "broken.patchbay", "application/octet-stream", bytes.subarray(0, 200));
    await page.getByText("“broken.patchbay” cannot be opened").waitFor();
    await page.getByRole("button", { name: "Registries of templates…" }).click();
    await page.getByLabel("Folder or address").fill("/nowhere");
    await page.getByRole("button", { name: "Subscribe" }).click();
    await page.getByText("There is no folder /nowhere").waitFor();
    await shot(page, "registries");
    await page.close();
  });
});
