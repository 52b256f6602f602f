/** The page of the API in a browser: it is read, and tried on a graph, in both themes. */
import { expect, it } from "vitest";
import { browser, product, withBrowser } from "../kit/browser";
import { graph } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withBrowser();

async function namedGraph(): Promise<string> {
  const url = await createGraph(product.url, graph({ in: ["text.input", { text: "as it is stored" }] }));
  const id = url.split("/").at(-1) as string;
  const answer = await fetch(`${product.url}/api/trpc/graphs.nameVersion`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ json: { id, label: "first" } }),
  });
  expect(answer.status).toBe(200);
  return id;
}

/** How light a page's ground is: 0 to 255. */
const lightness = () => {
  const ground = [document.querySelector(".swagger-ui"), document.body, document.documentElement]
    .map((element) => (element ? getComputedStyle(element).backgroundColor : ""))
    .find((colour) => colour && !/, 0\)$/.test(colour));
  return Number(/\d+/.exec(ground ?? "255")?.[0]);
};

it.each([false, true])("is read and tried, with dark: %s", async (dark) => {
  const id = await namedGraph();
  const { page, errors } = await openPage(browser, { dark });
  await page.goto(`${product.url}/api-docs?graph=${id}`);
  await page.locator(".opblock-summary", { hasText: `/graphs/${id}/runs` }).click();
  expect((await page.evaluate(lightness)) < 128).toBe(dark);
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.locator('input[placeholder="wait"]').fill("60");
  await page.locator("textarea.body-param__text").fill('{"parameters": {"in.text": "as it is tried"}}');
  await page.getByRole("button", { name: "Execute" }).click();
  const answer = page.locator(".live-responses-table");
  await expect.poll(() => answer.textContent(), { timeout: 90_000 }).toMatch(/"values":[^}]*"as it is tried"/);
  expect(errors).toEqual([]);
  await page.close();
});
