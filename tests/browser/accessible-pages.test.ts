/** What axe says of pages that show work of before: versions, differences, sweeps, the queue, templates and apps. */
import { describe, expect, it } from "vitest";
import { findingsInBothLooks } from "../kit/axe";
import { browser, product, withBrowser } from "../kit/browser";
import { chooseNodes, openCanvas, runToEnd, savedGraph } from "../kit/canvas";
import { Client } from "../kit/client";
import { graph, tinyClip } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withBrowser();

/** Asks the server as a page does. */
async function ask<T>(path: string, json: object): Promise<T> {
  const answer = await fetch(`${product.url}/api/trpc/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ json }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return ((await answer.json()) as { result: { data: { json: T } } }).result.data.json;
}

describe("axe finds nothing serious, by light and dark,", () => {
  it("in versions and what differs between them, drawn on the canvas", async () => {
    const document = graph(
      {
        data: ["data.emoji", { vendors: ["fluent"], limit: 6 }],
        resize: ["image.resize", { width: 24, height: 24 }],
        gone: ["image.augment"],
      },
      ["data.image -> resize.image", "resize.image -> gone.image"],
    );
    for (const [i, node] of Object.values(document.nodes).entries()) node.position = { x: i * 320, y: i * 60 };
    const { page, errors, shot } = await openPage(browser);
    const found: string[] = [];
    const url = await createGraph(product.url, document);
    await openCanvas(page, url);
    await runToEnd(page);
    await page.locator('[data-node="resize"] [aria-label^="Enlarge"]').dispatchEvent("click");
    await page.waitForSelector('[role="dialog"]');
    found.push(...(await findingsInBothLooks(page, "a preview, enlarged")));
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+s");
    await page.fill('[role="dialog"] input', "with three");
    await page.keyboard.press("Enter");
    await page.waitForSelector('[role="dialog"]', { state: "detached" });
    await chooseNodes(page, "gone");
    await page.keyboard.press("Delete");
    await chooseNodes(page, "resize");
    await page.fill('aside[aria-label="Inspector"] input[id="resize-width"]', "16");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Control+d");
    await savedGraph(page);
    await page.goto(`${url}/versions`);
    await page.waitForSelector("[data-diff-node=resize][data-fate=changed]", { timeout: 30_000 });
    await page.waitForSelector("[data-diff-node=gone][data-fate=removed]");
    await shot("diff");
    found.push(...(await findingsInBothLooks(page, "versions")));

    await page.goto(`${product.url}/runs`);
    const run = await page.getAttribute('tbody a[href^="/runs/"]', "href");
    await page.goto(`${product.url}${run}/changes`);
    await page.waitForSelector("[data-diff-node=resize]", { timeout: 30_000 });
    found.push(...(await findingsInBothLooks(page, "a run and its graph of today")));
    expect(found).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  it("in a sweep, and in the queue while runs go on and wait", async () => {
    const metric = { node: "trainer", port: "curve", goal: "min" };
    const axes = [{ node: "trainer", param: "lr", values: [0.001, 0.003, 0.01] }];
    const spec = { mode: "grid", axes, metric };
    const { page, errors, shot } = await openPage(browser);
    const found: string[] = [];
    const long = { ...tinyClip({ steps: 100_000 }), name: "Long sweep" };
    const { id } = await ask<{ id: string }>("sweeps.create", { document: long, spec });
    await page.goto(`${product.url}/sweeps/${id}`);
    await page.waitForSelector("text=/1 running/i", { timeout: 120_000 });
    await page.click("[data-queue]");
    await page.waitForSelector('[aria-label="Queue of runs"][role="dialog"] li >> nth=1');
    await shot("queue-of-a-sweep");
    found.push(...(await findingsInBothLooks(page, "the queue")));
    await ask("sweeps.cancel", { id });

    const quick = { ...tinyClip({ steps: 4 }), name: "Quick sweep" };
    const done = await ask<{ id: string }>("sweeps.create", { document: quick, spec });
    await page.goto(`${product.url}/sweeps/${done.id}`);
    await page.waitForSelector("text=3 of 3 done", { timeout: 120_000 });
    await page.waitForSelector("[data-best-run]");
    found.push(...(await findingsInBothLooks(page, "a sweep")));
    expect(found).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  it("in a template's page, and in the list of apps", async () => {
    const { page, errors } = await openPage(browser);
    const found: string[] = [];
    const client = new Client(product.url);
    const { id } = await client.call("graphs.create", { document: tinyClip() });
    await client.call("graphs.nameVersion", { id, label: "to publish" });
    const [version] = await client.query("graphs.versions", { id });
    const wish = { version: version.id, about: { title: "Tiny CLIP" }, visibility: "team" };
    const template = await client.call("templates.publish", wish);
    for (const path of [`/templates/${template.id}`, "/apps"]) {
      expect((await page.goto(product.url + path))?.status()).toBe(200);
      await page.waitForLoadState("networkidle");
      await page.waitForSelector("h1");
      found.push(...(await findingsInBothLooks(page, path)));
    }
    expect(found).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });
});
