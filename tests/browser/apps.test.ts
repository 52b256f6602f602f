/** An app, as somebody uses it who does not wire. */
import { expect, it } from "vitest";
import { browser, product, withBrowser } from "../kit/browser";
import { openPage } from "../kit/product";

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
  await page.reload();
  await page.locator('[data-output="file"] a').waitFor();
  expect(errors).toEqual([]);
  await page.close();
}, 360_000);

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
