import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { browser, product, withBrowser } from "../kit/browser";
import { graph, tinyTower } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withBrowser();

const inspector = 'aside[aria-label="Inspector"]';

function sideBySide(document: GraphDocument): GraphDocument {
  for (const [i, node] of Object.values(document.nodes).entries()) node.position = { x: i * 300, y: 0 };
  return document;
}

/** A procedure of the server, asked as the page asks it. */
async function call<T>(name: string, input: unknown): Promise<T> {
  const answer = await fetch(`${product.url}/api/trpc/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ json: input }),
  });
  const { result } = (await answer.json()) as { result: { data: { json: T } } };
  return result.data.json;
}

async function saved(page: Page): Promise<GraphDocument> {
  await page.waitForSelector("[data-saved=saved]");
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const answer = await fetch(
    `${product.url}/api/trpc/graphs.get?input=${encodeURIComponent(JSON.stringify({ json: { id } }))}`,
  );
  const { result } = (await answer.json()) as { result: { data: { json: { document: GraphDocument } } } };
  return result.data.json.document;
}

/** The page in both looks. */
async function shots(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(150);
    await page.screenshot({ path: `test-results/shots/carried-${name}-${colorScheme}.png` });
  }
  await page.emulateMedia({ colorScheme: "light" });
}

describe("a graph from elsewhere", () => {
  it("lists the files that did not come with it, is brought up to date, and mended", async () => {
    const { page, errors } = await openPage(browser);
    const ref = "a".repeat(64);
    const document = sideBySide(
      graph(
        { pictures: ["image.load", { images: [{ ref, name: "me.png" }] }], resize: ["image.resize", { width: -1 }] },
        ["pictures.image -> resize.image"],
      ),
    );
    await page.goto(await createGraph(product.url, document));
    await page.waitForSelector("[data-missing-files]");
    expect(await page.innerText("[data-missing-files]")).toMatch(/me\.png\s+pictures\.images/);
    await shots(page, "missing-files");
    await page.setInputFiles('[data-missing="me.png"] input[type=file]', "docs/editor.png");
    await page.locator("[data-missing-files]").waitFor({ state: "detached" });
    expect(JSON.stringify((await saved(page)).nodes.pictures?.params)).toContain("editor.png");

    await page.click(`${inspector} >> text=2 nodes can be updated`);
    expect(await page.innerText("[data-updates]")).toMatch(/Resize\s+resize\s+version 1 → 2\s+Its parameters stay/i);
    await shots(page, "updates");
    await page.click("[role=dialog] button:has-text('Update')");
    await page.locator("[data-updates]").waitFor({ state: "detached" });
    expect((await saved(page)).nodes.resize?.version).toBe(2);

    await shots(page, "fixes");
    await page.click(`${inspector} [data-fix]:has-text("Return width to its default")`);
    await page.locator("[data-fix]").waitFor({ state: "detached" });
    expect((await saved(page)).nodes.resize?.params).toEqual({});
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("a composite", () => {
  it("publishes one parameter for several, is drawn alone, and deleted when it is unused", async () => {
    const { page, errors } = await openPage(browser);
    await page.goto(await createGraph(product.url, sideBySide(tinyTower())));
    await page.waitForSelector('[data-node="vision"]');
    await page.click('[data-node="vision"] > div >> nth=0');
    await page.click('[data-node="projector"] > div >> nth=0', { modifiers: ["Control"] });
    await page.keyboard.press("Control+Shift+E");
    await page.waitForSelector('[data-node="composite"]');
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-boundary=inputs]");
    await page.click('[data-node="projector"] > div >> nth=0');
    await page.click('[aria-label="Publish Output width"]');
    await page.click('[data-node="vision"] > div >> nth=0');
    await page.click('[aria-label="Publish Width"]');
    await shots(page, "publish");
    await page.click("text=Together with “width”");
    await page.waitForSelector('[aria-label="Publish Width no more"]');
    const { composites } = await saved(page);
    expect(composites?.composite?.params.width?.to.map(({ node }) => node)).toEqual(["projector", "vision"]);

    await page.click('[aria-label="More"]');
    await page.click("text=Export…");
    await page.click("[role=dialog] >> text=Picture (SVG)");
    await page.waitForSelector("[role=dialog] >> text=Inside of Composite");
    await shots(page, "export-inside");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.click('[data-node="composite"] > div >> nth=0');
    await page.keyboard.press("Delete");
    await page.click('[aria-label="Delete Composite, of which there is no instance"]');
    expect((await saved(page)).composites).toBeUndefined();
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("a node", () => {
  it("shows how it is used, which can be put into the graph", async () => {
    const { page, errors } = await openPage(browser);
    await page.goto(await createGraph(product.url, graph({ tokenize: ["text.tokenize"] })));
    await page.click('[data-node="tokenize"] > div >> nth=0');
    await page.click(`${inspector} >> text=About this node`);
    await page.waitForSelector("[data-example]");
    await shots(page, "example");
    await page.click("text=Insert the example");
    await page.waitForFunction(() => document.querySelectorAll("[data-node]").length > 2);
    expect((await saved(page)).wires.length).toBeGreaterThan(0);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("the comparison of runs", () => {
  it("says in which nodes and wires their graphs differ, and shows it on one canvas", async () => {
    const { page, errors } = await openPage(browser);
    const one = sideBySide(graph({ text: ["text.input", { text: "a" }] }));
    const nodes = { text: ["text.input", { text: "b" }], prompts: ["text.prompts"] } as const;
    const two = sideBySide(graph(nodes as never, ["text.text -> prompts.text"]));
    const ids: string[] = [];
    for (const document of [one, two]) {
      const graphId = (await createGraph(product.url, document)).split("/").at(-1);
      ids.push((await call<{ id: string }>("runs.create", { graphId, document })).id);
    }
    await page.goto(`${product.url}/runs/compare?ids=${ids.join()}`);
    await page.waitForSelector("[data-graph-changes]:not(:empty)");
    expect(await page.innerText("[data-graph-changes]")).toBe("1 node added, 1 node changed, 1 wire differs.");
    await page.click("text=Show on one canvas");
    await page.waitForSelector("[data-diff]");
    await page.locator("[data-graphs]").scrollIntoViewIfNeeded();
    await page.waitForTimeout(600);
    await shots(page, "compare");
    expect(errors).toEqual([]);
    await page.close();
  });
});
