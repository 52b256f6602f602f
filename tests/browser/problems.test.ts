/** What is wrong with a graph: counted, listed, walked by keys, and mended where it is known how. */
import { expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { browser, product, withOwnProduct } from "../kit/browser";
import { readTemplate } from "../../server/templates";
import { openCanvas, savedGraph, wiresOf } from "../kit/canvas";
import { graph } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

/** Runs may hold less than the vision tower of the shipped CLIP, which is quantized then. */
withOwnProduct({ PATCHBAY_MEMORY: "8M" });

it("problems are counted, walked by F8 both ways, inside of composites too, and mended", async () => {
  const document = graph(
    {
      data: ["data.emoji", { limit: 4 }],
      wrong: ["image.resize", { width: -1 }],
      tower: ["composite:tower"],
      foreign: ["acme.sharpen"],
      waits: ["image.augment"],
    },
    ["data.image -> wrong.image", "data.image -> tower.image", "data.image -> foreign.picture"],
  );
  document.composites = {
    tower: {
      title: "Tower",
      nodes: { inner: { type: "image.resize", version: 2, params: { height: 0 }, position: { x: 0, y: 0 } } },
      wires: [
        { from: { node: "@inputs", port: "image" }, to: { node: "inner", port: "image" } },
        { from: { node: "inner", port: "image" }, to: { node: "@outputs", port: "image" } },
      ],
      inputs: { image: {} },
      outputs: { image: {} },
      params: {},
    },
  };
  for (const [i, node] of Object.values(document.nodes).entries()) node.position = { x: i * 320, y: (i % 2) * 300 };
  const { page, errors } = await openPage(browser);
  await openCanvas(page, await createGraph(product.url, document));
  // What is merely not wired yet is no alarm.
  await page.waitForSelector('[data-problems="3"]:has-text("3 problems")');
  // In the overview what is wrong is red, a composite with something wrong inside too; what waits for a wire is not.
  const red = page.locator('.react-flow__minimap-node[style*="--bad"]');
  await expect.poll(() => red.count(), { timeout: 10_000 }).toBe(3);
  const isChosen = (node: string) => page.waitForSelector(`.react-flow__node.selected[data-id="${node}"]`);

  const order: string[] = [];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press("F8");
    await page.waitForTimeout(300);
    order.push((await page.locator(".react-flow__node.selected").getAttribute("data-id")) ?? "");
  }
  expect(order.toSorted()).toEqual(["foreign", "inner", "waits", "wrong"]);
  // Errors come first, what waits for a wire last; then it begins anew.
  expect(order.at(-1)).toBe("waits");
  await page.keyboard.press("F8");
  await isChosen(order[0] ?? "");
  await page.keyboard.press("Shift+F8");
  await isChosen("waits");
  await page.keyboard.press("Shift+F8");
  await isChosen(order[2] ?? "");

  await page.click("[data-problems]");
  const list = page.locator('[role=dialog][aria-label="Problems"]');
  await list
    .getByRole("button", { name: /Resize.*height/ })
    .first()
    .click();
  await isChosen("inner");
  await list.locator("[data-fix]:has-text('Return height to its default')").click();
  await page.waitForSelector('[data-problems="2"]');
  await list.locator("[data-fix]:has-text('Return width to its default')").click();
  await page.waitForSelector('[data-problems="1"]:has-text("1 problem")');
  const saved = await savedGraph(page);
  expect(saved.composites?.tower?.nodes.inner?.params).toEqual({});
  expect(saved.nodes.wrong?.params).toEqual({});

  await page.keyboard.press("Escape");
  await page.locator(".react-flow__pane").click({ position: { x: 10, y: 400 } });
  await page.keyboard.press("Control+z");
  await page.waitForSelector('[data-problems="2"]');
  expect(errors).toEqual([]);
  await page.close();
});

it("weights that runs may not hold are quantized by one press, and the model runs", async () => {
  const document = (await readTemplate("clip-zero-shot-emoji")) as GraphDocument;
  Object.assign(document.nodes.data?.params ?? {}, { limit: 16 });
  const { page, errors } = await openPage(browser);
  await openCanvas(page, await createGraph(product.url, document));
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector("[data-run-status=failed]", { timeout: 120_000 });
  await page.click('[data-memory-advice] button:has-text("Quantize the weights")');
  await page.waitForSelector('[data-node="quantize"]');
  const wires = wiresOf(await savedGraph(page));
  expect(wires).toEqual(
    expect.arrayContaining(["checkpoint.weights -> quantize.weights", "quantize.weights -> image_tower.weights"]),
  );
  expect(wires).not.toContain("checkpoint.weights -> image_tower.weights");
  await page.click("header button:has-text('Run')");
  await page.waitForSelector("[data-run-status=done]", { timeout: 120_000 });
  expect(errors).toEqual([]);
  await page.close();
});
