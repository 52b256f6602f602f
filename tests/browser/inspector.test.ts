/** What the inspector says and changes: of several nodes, of one value, and of constants that many refer to. */
import { expect, it } from "vitest";
import { browser, product, withBrowser } from "../kit/browser";
import { chooseNodes, openCanvas, runToEnd, savedGraph } from "../kit/canvas";
import { graph, tinyClip } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withBrowser();

const inspector = 'aside[aria-label="Inspector"]';

function two() {
  const document = graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit: 6 }],
      resize: ["image.resize", { width: 48, height: 40 }],
      again: ["image.resize", { width: 24, height: 40 }],
    },
    ["data.image -> resize.image", "data.image -> again.image"],
  );
  const places = { data: [0, 0], resize: [400, 0], again: [400, 360] };
  for (const [id, [x, y]] of Object.entries(places))
    Object.assign(document.nodes[id] as object, { position: { x, y } });
  return document;
}

it("several nodes are changed at once, and what they differ in is said", async () => {
  const { page, errors } = await openPage(browser);
  await openCanvas(page, await createGraph(product.url, two()));
  await chooseNodes(page, "resize", "again");
  await page.waitForSelector(`${inspector} h2:has-text("2 nodes")`);
  expect(await page.locator(`${inspector} :text("differs")`).count()).toBe(1);
  await page.fill(`${inspector} #shared-width`, "32");
  await page.keyboard.press("Tab");
  await page.waitForSelector(`${inspector} :text("differs")`, { state: "detached" });
  const { nodes } = await savedGraph(page);
  expect([nodes.resize?.params.width, nodes.again?.params.width]).toEqual([32, 32]);
  await page.click(".react-flow__pane", { position: { x: 20, y: 300 } });
  await page.keyboard.press("Control+z");
  await page.waitForSelector("[data-saved=unsaved], [data-saved=saving]");
  expect((await savedGraph(page)).nodes).toEqual(two().nodes);
  expect(errors).toEqual([]);
  await page.close();
});

it("a constant is made, referred to from two nodes, and changed in one place for both", async () => {
  const { page, errors } = await openPage(browser);
  await openCanvas(page, await createGraph(product.url, two()));
  await page.click(`${inspector} [aria-label="Constants"] button:has-text("number")`);
  await page.fill('[aria-label="Name of the constant number"]', "D");
  await page.keyboard.press("Enter");
  await page.fill('[aria-label="Value of D"]', "32");
  for (const node of ["resize", "again"]) {
    await chooseNodes(page, node);
    await page.selectOption(`${inspector} [aria-label="Constant for Width"]`, "D");
    await page.waitForSelector(`${inspector} [data-origin]:has-text("The constant “D”: 32")`);
  }
  await page.click(".react-flow__pane", { position: { x: 20, y: 300 } });
  await page.waitForSelector(`${inspector} :text("resize.width")`);
  await page.fill('[aria-label="Value of D"]', "20");
  await runToEnd(page);
  for (const node of ["resize", "again"])
    await expect.poll(() => page.textContent(`[data-node="${node}"]`)).toMatch(/20 × 40|40 × 20/);
  const saved = await savedGraph(page);
  expect(saved.constants?.D?.value).toBe(20);
  expect(saved.nodes.resize?.params.width).toEqual(saved.nodes.again?.params.width);
  await chooseNodes(page, "again");
  await page.click(`${inspector} [aria-label="Let Width have a value of its own"]`);
  await page.waitForSelector(`${inspector} input[id="again-width"]`);
  expect(await page.inputValue(`${inspector} input[id="again-width"]`)).toBe("20");
  expect(errors).toEqual([]);
  await page.close();
});

it("says why a value is what it is, and finds parameters by words", async () => {
  const { page, errors } = await openPage(browser);
  await openCanvas(page, await createGraph(product.url, tinyClip()));
  await chooseNodes(page, "trainer");
  await page.fill(`${inspector} [aria-label="Search parameters"]`, "warm");
  await page.waitForSelector(`${inspector} [id="trainer-warmup"]`);
  expect(await page.locator(`${inspector} [id^="trainer-"]`).count()).toBe(1);
  await page.fill(`${inspector} [aria-label="Search parameters"]`, "no such thing");
  await page.waitForSelector(`${inspector} :text("No parameter is called that.")`);
  await page.fill(`${inspector} [aria-label="Search parameters"]`, "learning rate");
  await page.waitForSelector(`${inspector} [data-origin]:has-text("Set here; the default is")`);
  const rate = await page.inputValue(`${inspector} [id="trainer-lr"]`);
  await page.hover(`${inspector} label[for="trainer-lr"]`);
  await page.click(`${inspector} [aria-label="Sweep Learning rate from this value"]`);
  const values = await page.inputValue('[role="dialog"] [data-axis="trainer.lr"] input');
  expect(values.split(", ").map(Number)).toEqual([1, 1 / 2, 2].map((times) => Number(rate) * times));
  await page.waitForSelector('[role="dialog"] button:has-text("Start 3 runs")');
  await page.keyboard.press("Escape");
  await page.click(`${inspector} [aria-label="Return Learning rate to its default"]`);
  await page.waitForSelector(`${inspector} [data-default]`);
  expect(await page.locator(`${inspector} [data-origin]`).count()).toBe(0);

  await page.goto(product.url);
  await page.click('[data-template="clip-zero-shot-emoji"]');
  await page.waitForSelector('[data-node="resize"]', { state: "attached" });
  await page.keyboard.press("1");
  await page.waitForTimeout(400);
  await chooseNodes(page, "resize");
  await page.waitForSelector(`${inspector} [data-origin]:has-text("As in the template “Name emoji, zero-shot”")`);
  await page.fill(`${inspector} input[id="resize-width"]`, "32");
  await page.keyboard.press("Tab");
  await page.waitForSelector(`${inspector} [data-origin]:has-text("Set here; the template has 48")`);
  expect(errors).toEqual([]);
  await page.close();
});
