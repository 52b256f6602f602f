import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { findings } from "../kit/axe";
import { browser, product, withBrowser } from "../kit/browser";
import { chooseNodes, hasParts, hears, openCanvas, runToEnd, savedGraph } from "../kit/canvas";
import { graph } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withBrowser();

/** A graph with something of all that is drawn. */
function varied(): GraphDocument {
  const document = graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit: 8 }],
      resize: ["image.resize", { width: 24, height: 24 }],
      normalize: ["image.normalize"],
      waits: ["image.augment"],
      wrong: ["image.resize", { width: -1 }],
    },
    ["data.image -> resize.image", "resize.image -> normalize.image", "data.image -> wrong.image"],
  );
  for (const [i, node] of Object.values(document.nodes).entries()) node.position = { x: i * 300, y: (i % 2) * 220 };
  Object.assign(document.nodes.normalize as object, { off: "bypassed" });
  document.notes = { n: { text: "# A note", position: { x: 0, y: -220 }, size: { width: 240, height: 120 } } };
  document.frames = { f: { title: "A frame", position: { x: 280, y: 160 }, size: { width: 320, height: 300 } } };
  return document;
}

/** A graph that runs at once. */
function sound(): GraphDocument {
  const document = varied();
  const { waits: _, wrong: __, ...nodes } = document.nodes;
  return { ...document, nodes, wires: document.wires.filter(({ to }) => to.node !== "wrong") };
}

describe.each([false, true])("with dark: %s, axe finds nothing serious", (dark) => {
  it("on any page", async () => {
    const { page, errors } = await openPage(browser, { dark });
    const url = await createGraph(product.url, sound());
    await openCanvas(page, url);
    await runToEnd(page);
    await page.keyboard.press("Control+s");
    await page.waitForSelector('[role="dialog"] input');
    await page.keyboard.type("a name");
    await page.keyboard.press("Enter");
    await page.goto(`${product.url}/runs`);
    await page.waitForSelector("tbody tr");
    const run = await page.getAttribute('tbody a[href^="/runs/"]', "href");
    const pages = { "/": "[data-template]", "/runs": "tbody tr", "/sweeps": "table", [run ?? ""]: "[data-node]" };
    const found: string[] = [];
    for (const [path, sign] of [
      ...Object.entries(pages),
      [new URL(`${url}/versions`).pathname, "h1, h2, li"],
    ] as const) {
      await page.goto(`${product.url}${path}`);
      await page.waitForSelector(sign);
      found.push(...(await findings(page)).map((each) => `${path}: ${each}`));
    }
    expect(found).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  it("in the editor, its dialogs and its lists", async () => {
    const { page, errors } = await openPage(browser, { dark });
    await openCanvas(page, await createGraph(product.url, varied()));
    const found: string[] = [];
    async function look(what: string): Promise<void> {
      found.push(...(await findings(page)).map((each) => `${what}: ${each}`));
    }
    await look("the graph");
    await chooseNodes(page, "resize");
    await page.waitForSelector('aside[aria-label="Inspector"] input');
    await look("a node");
    const dialogs: [name: string, keys: string, sign: string][] = [
      ["keys", "?", '[role="dialog"]'],
      ["palette", "Control+k", "[cmdk-input]"],
      ["find", "Control+f", '[placeholder^="Titles, types"]'],
      ["connect", "c", "[data-connect]"],
      ["add", "n", "[cmdk-input]"],
      ["version", "Control+s", '[role="dialog"]'],
    ];
    for (const [name, keys, sign] of dialogs) {
      await chooseNodes(page, "resize");
      await page.keyboard.press(keys);
      await page.waitForSelector(sign);
      await look(name);
      await page.keyboard.press("Escape");
      await page.waitForSelector(sign, { state: "detached" });
    }
    await page.click("header button:has-text('More')");
    await page.waitForSelector('[role="menu"]');
    await look("more");
    await page.click('[role="menuitem"]:has-text("Export")');
    await page.waitForSelector('[role="dialog"]');
    await look("export");
    expect(found).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("by keys alone", () => {
  /** Presses Tab until what has the focus is called that. */
  async function tabTo(page: Page, name: string): Promise<void> {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate(() => {
        const { activeElement: element } = document;
        const label = element?.id ? document.querySelector(`label[for="${element.id}"]`)?.textContent : "";
        return `${element?.getAttribute("aria-label") ?? ""} ${label} ${element?.textContent ?? ""}`;
      });
      if (focused.includes(name)) return;
    }
    throw new Error(`Tab leads to no “${name}”`);
  }

  it("an empty graph becomes one that has run: nodes, a wire, a parameter, the run and its result", async () => {
    const { page, errors } = await openPage(browser);
    await page.goto(product.url);
    await page.waitForSelector("[data-template]");
    await tabTo(page, "New graph");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".react-flow__pane");

    await page.keyboard.press("n");
    await page.waitForSelector("[cmdk-input]");
    await page.keyboard.type("emoji drawings");
    await page.keyboard.press("Enter");
    await hasParts(page, 1, 0);
    await page.keyboard.press("c");
    await page.waitForSelector("[data-connect]");
    await page.keyboard.type("output image");
    await page.keyboard.press("Enter");
    await page.keyboard.type("add a node");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-chip]");
    await page.keyboard.type("resize");
    await page.waitForSelector('[cmdk-item][aria-selected="true"][data-value="image.resize"]');
    await page.keyboard.press("Enter");
    await hasParts(page, 2, 1);

    await page.keyboard.press("ArrowLeft");
    await hears(page, "Emoji drawings");
    await page.waitForSelector(".react-flow__node:focus");
    // F2 goes from a node to the form beside it.
    await page.keyboard.press("F2");
    await page.waitForSelector('aside input[aria-label="Title"]:focus');
    await tabTo(page, "At most");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("6");
    await runToEnd(page);
    expect(Object.values((await savedGraph(page)).nodes).map(({ params }) => params.limit)).toContain(6);

    // Escape goes from the form to the node that it is about.
    await page.keyboard.press("Escape");
    await page.keyboard.press("ArrowRight");
    await hears(page, "Resize, done");
    const result = await page.textContent('[data-node="resize"]');
    expect(result).toContain("6 pictures");
    expect(errors).toEqual([]);
    await page.close();
  });

  it("what has the focus is seen, and nothing moves where less motion is wanted", async () => {
    const { page } = await openPage(browser);
    await openCanvas(page, await createGraph(product.url, sound()));
    const outline = () =>
      page.evaluate(() => {
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement ?? document.body);
        return outlineStyle === "none" ? 0 : Number.parseFloat(outlineWidth);
      });
    await tabTo(page, "More");
    expect(await outline()).toBeGreaterThanOrEqual(2);
    await page.focus('.react-flow__node[data-id="data"]');
    await page.keyboard.press("Tab");
    await page.waitForSelector(".react-flow__node:focus-visible");
    expect(await outline()).toBeGreaterThanOrEqual(2);
    await page.keyboard.press("c");
    await page.waitForSelector("[data-connect] [cmdk-item]");
    const grounds = await page
      .locator("[data-connect] [cmdk-item]")
      .evaluateAll((items) =>
        items.map((item) => [item.getAttribute("aria-selected"), getComputedStyle(item).backgroundColor]),
      );
    const chosen = grounds.filter(([isChosen]) => isChosen === "true").map(([, colour]) => colour);
    expect(chosen).toHaveLength(1);
    expect(grounds.filter(([, colour]) => colour === chosen[0])).toHaveLength(1);
    await page.keyboard.press("Escape");

    // What is loading, a wire that is waited for, and a node on its way, each for some frames.
    const moving = () =>
      page.evaluate(async () => {
        const skeleton = Object.assign(document.createElement("div"), { className: "skeleton" });
        const wire = document.querySelector(".react-flow__edge-path");
        const node = document.querySelector<HTMLElement>(".react-flow__node");
        document.body.append(skeleton);
        wire?.classList.add("edge-busy");
        Object.assign(node?.style ?? {}, { transition: "opacity 5s", opacity: "0.9" });
        for (let frame = 0; frame < 6; frame++) await new Promise(requestAnimationFrame);
        const seen = [skeleton, wire, node].map((each) => each?.getAnimations().length);
        skeleton.remove();
        wire?.classList.remove("edge-busy");
        Object.assign(node?.style ?? {}, { transition: "none", opacity: "" });
        return seen;
      });
    expect(await moving()).toEqual([1, 1, 1]);
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.waitForTimeout(50);
    expect(await moving()).toEqual([0, 0, 0]);
    await page.close();
  });

  it("Tab chooses each node that it leads to", async () => {
    const { page } = await openPage(browser);
    await openCanvas(page, await createGraph(product.url, sound()));
    await page.focus('.react-flow__node[data-id="data"]');
    await page.keyboard.press("Tab");
    await page.waitForFunction(() => document.querySelectorAll(".react-flow__node.selected").length === 1);
    const focused = await page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.id);
    expect(await page.getAttribute(".react-flow__node.selected", "data-id")).toBe(focused);
    await page.close();
  });
});
