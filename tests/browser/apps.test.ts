/** An app, as somebody uses it who does not wire. */
import { expect, it } from "vitest";
import { findingsInBothLooks } from "../kit/axe";
import { browser, product, withBrowser } from "../kit/browser";
import { graph } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withBrowser();

const colours = ["red", "green", "blue", "yellow", "black", "orange", "purple", "white"];
/** Drawings that are called as they look. */
const pictures = colours.flatMap((colour) =>
  ["circle", "square"].map((shape) => ({
    name: `${colour} ${shape}.svg`,
    mimeType: "image/svg+xml",
    buffer: Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="48" height="48"><rect width="48" height="48" fill="grey"/>${
        shape === "circle" ? `<circle cx="24" cy="24" r="18"` : `<rect x="8" y="8" width="32" height="32"`
      } fill="${colour}"/></svg>`,
    ),
  })),
);

it("trains on pictures that are dropped, shows how far it is, and what it learned", async () => {
  const { page, errors, shot } = await openPage(browser, { width: 390, height: 844 });
  await page.goto(`${product.url}/apps`);
  await page.getByRole("link", { name: "Train on my folder" }).click();
  await page.locator("[data-app]").waitFor();
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByText(/No picture is chosen/).waitFor();
  await page.locator('input[type="file"]').setInputFiles(pictures);
  await expect.poll(() => page.locator('[data-field="data.images"] img').count()).toBe(pictures.length);
  await page.locator('[data-field="trainer.steps"] input').fill("12");
  await page.getByRole("button", { name: "Start" }).click();
  await page.locator("[data-app-run]").waitFor();
  await shot("app-begins");
  await expect
    .poll(() => page.locator("[data-app-run]").getAttribute("data-app-run"), { timeout: 240_000 })
    .toBe("done");
  await page.locator('[data-output="curve"] canvas').waitFor();
  await page.locator('[data-output="ranking"] img').first().waitFor();
  await page.locator('[data-output="file"] a').waitFor();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBe(390);
  await page.screenshot({ path: "test-results/shots/app-done.png", fullPage: true });
  expect(await findingsInBothLooks(page, "an app")).toEqual([]);
  await page.reload();
  await page.locator('[data-output="file"] a').waitFor();
  expect(errors).toEqual([]);
  await page.close();
}, 360_000);

it("is published with groups, help and named choices, and is gone on with the next time", async () => {
  const { page, errors, shot } = await openPage(browser);
  const document = graph({ words: ["text.input", { text: "red" }], small: ["text.prompts", { templates: "a {}" }] }, [
    "words.text -> small.text",
  ]);
  await page.goto(await createGraph(product.url, document));
  await page.waitForSelector('[data-node="small"]');
  const open = async () => {
    await page.locator("header").getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("menuitem", { name: "Publish as an app…" }).click();
    await page.waitForSelector("[data-publish-app]");
  };
  await open();
  await page.getByLabel("Name of the graph as it is now").fill("first");
  await page.getByRole("button", { name: "Name it" }).click();
  await page.waitForSelector("[data-form-editor]");
  await page.getByLabel("Title", { exact: true }).fill("Colours");
  const name = await page.getByLabel("Add a parameter…").locator('option[value="words.text"]').textContent();
  await page.getByLabel("Add a parameter…").selectOption("words.text");
  await page.getByLabel("Title of group 1").fill("What is seen");
  await page.getByLabel("Help for group 1").fill("One thing.");
  await page
    .getByLabel(/^What .* is called$/)
    .first()
    .fill("Colour");
  await page.getByRole("button", { name: /^Help and choices of/ }).click();
  await page.getByLabel(/^Help for .* · /).fill("As a child would say it.");
  await page.getByLabel("Offer only some values").check();
  await page.getByLabel(/^What red of/).fill("like fire");
  await page.getByLabel(/^Another value of/).fill("blue");
  await page.getByLabel(/^Another value of/).press("Enter");
  await page.getByLabel("Add an output…").selectOption("small.text");
  await page.locator("[data-form-output] input").fill("What is said");
  await shot("app-form");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText("Published: it is among the apps.").waitFor();
  expect(name).toBeTruthy();

  await page.keyboard.press("Escape");
  await open();
  await page.getByRole("radio", { name: /Colours/ }).waitFor();
  expect(await page.getByLabel("Title of group 1").inputValue()).toBe("What is seen");
  await page.getByLabel(/^What blue of/).fill("like the sea");
  await page.getByRole("button", { name: "Publish again" }).click();
  await page.getByText("The app has this version now.").waitFor();
  await shot("app-again");

  await page.goto(`${product.url}/apps`);
  await page.getByRole("link", { name: "Colours" }).click();
  await page.getByText("As a child would say it.").waitFor();
  await page.getByText("One thing.").waitFor();
  const choice = page.getByLabel("Colour");
  expect(await choice.locator("option").allTextContents()).toEqual(["like fire", "like the sea"]);
  await choice.selectOption("like the sea");
  await shot("app-choices");
  await page.getByRole("button", { name: "Start" }).click();
  await page.locator('[data-output="text"]').getByText("a blue").waitFor({ timeout: 60_000 });
  expect(await page.locator("[data-output]").getByText("What is said").count()).toBe(1);
  expect(errors).toEqual([]);
  await page.close();
}, 180_000);

it("takes no more than its publisher allows", async () => {
  const start = (values: object) =>
    fetch(`${product.url}/api/trpc/apps.start`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ json: { id: "train-on-my-folder", values } }),
    }).then((answer) => answer.text());
  expect(await start({ "trainer.steps": 1_000_000 })).toContain("is at most 2000 here");
  expect(await start({ "trainer.batch": 4 })).toContain("The form has no field");
  const many = Array.from({ length: 5001 }, () => ({ ref: "a".repeat(64), name: "a.png" }));
  expect(await start({ "data.images": many })).toContain("at most 5000 are taken here");
});
