/**
 * The windows of the editor that open seldom: each is opened as it would be, says what it should, and is accessible.
 */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { findingsInBothLooks } from "../kit/axe";
import { browser, product, withBrowser } from "../kit/browser";
import { chooseNodes, dropFile, openCanvas, runToEnd, savedGraph } from "../kit/canvas";
import { graph, tinyClip, tinyTower } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withBrowser();

const inspector = 'aside[aria-label="Inspector"]';

function spread(document: GraphDocument): GraphDocument {
  for (const [i, node] of Object.values(document.nodes).entries())
    node.position = { x: (i % 6) * 300, y: Math.floor(i / 6) * 360 };
  return document;
}

async function openGraph(document: GraphDocument) {
  const visit = await openPage(browser);
  await openCanvas(visit.page, await createGraph(product.url, spread(document)));
  return visit;
}

/** Picks a parameter in the sweep's dialog; the pointed-at one is what was typed. */
async function vary(page: Page, name: string): Promise<string[]> {
  await page.click("button:has-text('Add a parameter')");
  await page.fill("[cmdk-input]", name);
  await page.waitForSelector("[cmdk-item][data-selected=true]");
  const offered = await page.locator("[role=dialog] [cmdk-item]").allTextContents();
  await page.keyboard.press("Enter");
  return offered;
}

describe("before and after a training", () => {
  it("the weights are a tree, constants can be swept, and what was trained is continued", async () => {
    const document = tinyClip({ steps: 20, checkpoint: 10 });
    document.constants = { width: { kind: "number", value: 32 } };
    for (const id of ["vision", "text"]) Object.assign(document.nodes[id]?.params ?? {}, { width: { $: "width" } });
    const { page, errors } = await openGraph(document);
    const found: string[] = [];

    await chooseNodes(page, "vision");
    await page.click(`${inspector} button:has-text("Weights")`);
    await page.waitForSelector("[data-weights]");
    expect(await page.textContent("[data-weights]")).toMatch(/parameters, .* all of them train/);
    await page.locator("[data-weights] summary").nth(1).click();
    found.push(...(await findingsInBothLooks(page, "weights")));

    await page.click('button[aria-label="Other ways to run"]');
    await page.click("text=Sweep parameters…");
    expect(await vary(page, "width")).not.toContain("Held-out share");
    await page.waitForSelector('[role=dialog] :text("Constants")');
    await vary(page, "Learning rate");
    await page.click("text=Random values");
    found.push(...(await findingsInBothLooks(page, "sweep")));
    await page.keyboard.press("Escape");
    await page.waitForSelector("[role=dialog]", { state: "detached" });

    await runToEnd(page);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.click("[data-run-again] button:has-text('Continue')");
    await page.waitForSelector("[role=dialog] :text('step 20')");
    expect(await page.inputValue("[role=dialog] input[type=number]")).toBe("40");
    found.push(...(await findingsInBothLooks(page, "continue")));
    await page.click("[role=dialog] button:has-text('Continue')");
    await page.waitForURL(/\/runs\/[0-9a-f-]+$/);
    await page.waitForSelector("[data-run-status=done]", { timeout: 120_000 });

    await page.goto(`${product.url}/runs`);
    await page.waitForSelector("tbody tr >> nth=1");
    for (const row of [0, 1]) await page.locator("tbody tr input[type=checkbox]").nth(row).check();
    await page.click("text=Compare 2 runs");
    await page.waitForSelector(".uplot");
    await page.waitForSelector("[data-graph-changes]:not(:empty)");
    found.push(...(await findingsInBothLooks(page, "compare")));
    await page.click("[data-queue]");
    await page.waitForSelector('[aria-label="Queue of runs"][role="dialog"]');
    found.push(...(await findingsInBothLooks(page, "queue")));
    expect(found).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("when two changed the same", () => {
  it("each place is asked for, and nothing of the toolbar lies outside of a small window", async () => {
    const document = graph({ data: ["data.emoji", { limit: 4 }], prompts: ["text.prompts"] }, [
      "data.name -> prompts.text",
    ]);
    const url = await createGraph(product.url, spread(document));
    const contexts = [await browser.newContext(), await browser.newContext()] as const;
    const [one, two] = [await contexts[0].newPage(), await contexts[1].newPage()];
    await one.setViewportSize({ width: 1024, height: 700 });
    for (const page of [one, two]) await openCanvas(page, url);
    await contexts[0].setOffline(true);
    for (const [page, text] of [
      [one, "mine {}\nand mine {}"],
      [two, "theirs {}"],
    ] as const) {
      await chooseNodes(page, "prompts");
      await page.fill(`${inspector} [id="prompts-templates"]`, text);
      await page.keyboard.press("Tab");
    }
    await two.waitForSelector("[data-saved=saved]:not([data-kept])");
    await contexts[0].setOffline(false);
    await one.waitForSelector("[data-conflict]", { timeout: 30_000 });
    const told = one.locator("[data-conflict] [role=radio] span").nth(1);
    expect(await told.evaluate((span) => span.getClientRects().length && getComputedStyle(span).whiteSpace)).toBe(
      "pre-wrap",
    );
    const found = await findingsInBothLooks(one, "conflict");
    await one.keyboard.press("Escape");
    const run = await one.locator("header button[aria-label='Other ways to run']").boundingBox();
    expect((run?.x ?? 0) + (run?.width ?? 0)).toBeLessThanOrEqual(1024);
    expect(found).toEqual([]);
    for (const context of contexts) await context.close();
  });
});

describe("what comes from elsewhere", () => {
  it("keeps what is not known, is named where it is of another program, and asks where it shall go", async () => {
    const document = graph(
      {
        data: ["data.emoji", { limit: 4 }],
        foreign: ["acme.sharpen", { amount: 2, how: "soft" }],
        also: ["acme.sharpen"],
      },
      ["data.image -> foreign.picture"],
    );
    const { page, errors } = await openGraph(document);
    const found: string[] = [];
    await chooseNodes(page, "foreign");
    expect(await page.textContent("[data-kept-parameters]")).toMatch(/amount\s*2\s*how\s*soft/);
    found.push(...(await findingsInBothLooks(page, "unknown type")));
    await page.click("[data-problems]");
    await page.waitForSelector('[role=dialog][aria-label="Problems"]');
    await page.click('[data-bunch="2"] summary:has-text("acme.sharpen")');
    await page.click('[data-bunch="2"] button:has-text("also")');
    await page.waitForSelector('.react-flow__node.selected[data-id="also"]');
    found.push(...(await findingsInBothLooks(page, "problems")));
    await page.keyboard.press("Escape");

    const comfy = {
      last_node_id: 1,
      nodes: [{ id: 1, type: "KSampler", widgets_values: [] }],
      links: [],
      version: 0.4,
    };
    const n8n = { nodes: [{ name: "Start", type: "n8n-nodes-base.start", position: [0, 0] }], connections: {} };
    for (const [name, json, told] of [
      ["comfy.json", comfy, "This is a ComfyUI workflow"],
      ["n8n.json", n8n, "This is an n8n workflow"],
    ] as const) {
      await dropFile(page, ".react-flow__pane", name, "application/json", Buffer.from(JSON.stringify(json)));
      await page.waitForSelector(`text=${told}`);
    }
    const bytes = Buffer.from(JSON.stringify({ ...document, name: "Elsewhere" }));
    await dropFile(page, ".react-flow__pane", "elsewhere.json", "application/json", bytes);
    await page.waitForSelector("[data-open-question]");
    found.push(...(await findingsInBothLooks(page, "what is opened")));
    await page.keyboard.press("Escape");

    const lacking = graph({ pictures: ["image.load", { images: [{ ref: "a".repeat(64), name: "me.png" }] }] });
    await page.goto(await createGraph(product.url, lacking));
    await page.waitForSelector("[data-missing-files]");
    found.push(...(await findingsInBothLooks(page, "missing files")));
    expect(found).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("a composite", () => {
  it("is saved, put beside what is there, and updated with a view of what changes inside", async () => {
    const { page, errors } = await openGraph(tinyTower());
    const found: string[] = [];
    await chooseNodes(page, "normalize", "vision", "projector");
    await page.keyboard.press("Control+Shift+E");
    await page.waitForSelector('[data-node="composite"]');
    await page.click("text=Save to My nodes");
    await page.waitForSelector("[data-library] >> text=Composite");
    expect((await savedGraph(page)).composites?.composite?.origin?.version).toBe(1);
    found.push(...(await findingsInBothLooks(page, "an instance")));

    const { page: other, errors: errorsOfOther } = await openGraph(graph({ data: ["data.emoji"] }));
    await other.dblclick("[data-library] [data-palette]");
    await other.waitForSelector('[data-node="composite"]');
    // It waits for its wire: nothing inside is wrong for that.
    expect(await other.locator('[data-problems]:has-text("problem")').count()).toBe(0);
    const { nodes, composites } = await savedGraph(other);
    expect(composites?.composite?.origin?.version).toBe(1);
    const [data, copy] = [nodes.data?.position, nodes.composite?.position];
    const isApart = (axis: "x" | "y", by: number) => Math.abs((data?.[axis] ?? 0) - (copy?.[axis] ?? 0)) >= by;
    expect(isApart("x", 240) || isApart("y", 120)).toBe(true);

    await chooseNodes(page, "composite");
    await page.keyboard.press("Enter");
    await page.click('[data-node="projector"] > div >> nth=0');
    await page.fill(`${inspector} input[id="projector-width"]`, "24");
    await page.keyboard.press("Enter");
    await page.locator(".react-flow__pane").click({ position: { x: 5, y: 300 } });
    await page.keyboard.press("Escape");
    await page.click("text=Save as version 2");
    await page.waitForSelector("[data-library] >> text=v2");
    await other.reload();
    await chooseNodes(other, "composite");
    await other.click("text=Update to version 2");
    // It opens where something differs, and tells that alone.
    await other.waitForSelector("[data-diff-node=projector][data-fate=changed]");
    expect(await other.getAttribute("[data-changes]", "data-changes")).toBe("1");
    expect(await other.innerText("[data-changes]")).toMatch(/width\s+8\s+24/i);
    found.push(...(await findingsInBothLooks(other, "update")));
    await other.click("[role=dialog] button:has-text('Update')");
    await other.locator("[role=dialog]").waitFor({ state: "detached" });
    const updated = (await savedGraph(other)).composites?.composite;
    expect(updated?.nodes.projector?.params.width).toBe(24);
    expect(updated?.origin?.version).toBe(2);
    expect(found).toEqual([]);
    expect([...errors, ...errorsOfOther]).toEqual([]);
    await page.close();
    await other.close();
  });
});
