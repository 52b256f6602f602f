/**
 * How the editor opens and moves large graphs, beside a bare React Flow with the same nodes and wires, in turns in one
 * run, in headless Chromium.
 * `npm run bench:editor -- 1000 5 2560x1440`: nodes, repetitions, pixels of the window. Builds and starts the product
 * as `npm start` does.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import type { GraphDocument } from "#nodes/graph/document";
import { scriptsOf, totalOf } from "#tests/kit/bundle";
import { framesOf } from "#tests/kit/frames";
import { createGraph, openBrowser, startProduct } from "#tests/kit/product";
import { registry } from "#nodes/registry.gen";
import { ensureChromium } from "../scripts/chromium.mjs";
import { rows } from "./editor/rows";
import { median } from "./vit";

/** What is measured of one opened page. Frames are counted while a pointer or wheel event comes every 16 ms. */
interface Figures {
  openMs: number;
  panFps: number;
  zoomFps: number;
  dragFps: number;
  keyMs: number;
  /** Panning where some dozen nodes are in view and can be read. */
  nearPanFps: number;
  /** Layouts of the page for each event, while a node is dragged. */
  layoutsPerDrag: number;
  /** Nodes that are drawn in full: from afar, and near. */
  cardsFar: number;
  cardsNear: number;
}
interface Side {
  url: string;
  /** Puts the caret where typing changes a node. */
  field(page: Page): Promise<string>;
}

const count = Number(process.argv[2] ?? 1000);
const repetitions = Number(process.argv[3] ?? 5);
const [width = 1440, height = 900] = (process.argv[4] ?? "").split("x").filter(Boolean).map(Number);
const steps = 90;

/** The bare page, bundled with React's production build, on a server of its own. */
async function serveBare({ nodes: given, wires }: GraphDocument): Promise<{ url: string; close(): void }> {
  const bundle = await build({
    entryPoints: ["bench/editor/bare.tsx"],
    bundle: true,
    minify: true,
    write: false,
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const nodes = Object.entries(given).map(([id, { type, position }]) => {
    const definition = registry[type as keyof typeof registry];
    const data = {
      title: definition.title,
      inputs: Object.keys(definition.inputs),
      outputs: Object.keys(definition.outputs),
    };
    return { id, type: "bare", position, data };
  });
  const edges = wires.map(({ from, to }, i) => ({
    id: `e${i}`,
    source: from.node,
    sourceHandle: from.port,
    target: to.node,
    targetHandle: to.port,
  }));
  const json = JSON.stringify({ nodes, edges }).replaceAll("<", "\\u003c");
  const style = `${readFileSync("node_modules/@xyflow/react/dist/style.css", "utf8")}
    body { margin: 0; font: 13px sans-serif } main { width: 928px; height: 848px }
    .bare { width: 240px; border: 1px solid #ccc; border-radius: 12px; background: white }
    .bare b, .bare p { display: block; margin: 0; padding: 4px 12px; position: relative } .out { text-align: right }`;
  const html = `<!doctype html><meta charset=utf-8><style>${style}</style><div id=root></div>
    <script type=application/json id=given>${json}</script><script src=/bare.js></script>`;
  const server = createServer((request, response) => {
    const isScript = request.url === "/bare.js";
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? bundle.outputFiles[0]?.contents : html);
  }).listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** Milliseconds from the start of the navigation until every node and wire is drawn. */
async function open(page: Page, url: string, nodes: number, wires: number): Promise<number> {
  await page.addInitScript("globalThis.__name = (named) => named"); // tsx names functions by a helper that no page has
  await page.addInitScript(
    ([nodes, wires]) => {
      function look(): void {
        const drawn = document.querySelectorAll<HTMLElement>(".react-flow__node");
        const far = document.querySelector<HTMLElement>("[data-far]")?.dataset;
        const isDrawnFar = far && Number(far.nodes) >= (nodes ?? 0) && Number(far.wires) >= (wires ?? 0);
        const isDrawn =
          isDrawnFar ||
          (drawn.length >= (nodes ?? 0) &&
            drawn[drawn.length - 1]?.style.visibility === "visible" &&
            document.querySelectorAll(".react-flow__edge-path").length >= (wires ?? 0));
        if (!isDrawn) return void requestAnimationFrame(look);
        requestAnimationFrame(() => setTimeout(() => Object.assign(window, { openedAfter: performance.now() })));
      }
      requestAnimationFrame(look);
    },
    [nodes, wires],
  );
  await page.goto(url, { waitUntil: "commit" });
  const opened = await page.waitForFunction(
    () => (window as Window & { openedAfter?: number }).openedAfter,
    undefined,
    { timeout: 180_000 },
  );
  return (await opened.jsonValue()) as number;
}

/** A place of the pane that no node covers, or the middle of the first node. */
async function placeOf(page: Page, what: "pane" | "node"): Promise<{ x: number; y: number }> {
  return page.evaluate((what) => {
    const pane = document.querySelector(".react-flow__pane")?.getBoundingClientRect() ?? new DOMRect();
    for (let y = pane.top + pane.height / 3; y < pane.bottom; y += 3) {
      for (let x = pane.left + pane.width / 3; x < pane.right; x += 3) {
        const there = document.elementFromPoint(x, y);
        const isFound = what === "pane" ? there?.matches(".react-flow__pane") : there?.closest(".react-flow__node");
        if (isFound && !there?.matches(".react-flow__handle")) return { x, y };
      }
    }
    throw new Error(`no ${what} is in view`);
  }, what);
}

/** Layouts that the page has made since it was opened. */
async function layoutsOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const { metrics } = await session.send("Performance.getMetrics");
  await session.detach();
  return metrics.find(({ name }) => name === "LayoutCount")?.value ?? 0;
}

/** Nodes with all that they say, in view or kept around it. */
function cardsOf(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      [...document.querySelectorAll<HTMLElement>(".react-flow__node")].filter(
        (node) => !node.querySelector("[data-block]") && node.innerText !== "",
      ).length,
  );
}

/** Comes near with the wheel until text can be read. */
async function comeNear(page: Page): Promise<void> {
  await page.mouse.move(500, 400);
  for (let i = 0; i < 60; i++) {
    const zoom = await page.evaluate(() => {
      const { transform } = document.querySelector<HTMLElement>(".react-flow__viewport")?.style ?? {};
      return Number(/scale\(([\d.]+)\)/.exec(transform ?? "")?.[1] ?? 1);
    });
    if (zoom > 0.7) break;
    await page.mouse.wheel(0, -100);
    await sleep(30);
  }
  await sleep(1000);
}

async function dragFrom(page: Page, what: "pane" | "node"): Promise<number> {
  const { x, y } = await placeOf(page, what);
  await page.mouse.move(x, y);
  await page.mouse.down();
  const { perSecond } = await framesOf(page, async () => {
    for (let i = 1; i <= steps; i++) {
      await page.mouse.move(x + 80 * Math.sin(i / 12), y + 80 * Math.sin(i / 17));
      await sleep(12);
    }
  });
  await page.mouse.up();
  return perSecond;
}

async function zoom(page: Page): Promise<number> {
  const { x, y } = await placeOf(page, "pane");
  await page.mouse.move(x, y);
  const { perSecond } = await framesOf(page, async () => {
    for (let i = 0; i < steps; i++) {
      await page.mouse.wheel(0, i % 30 < 15 ? -20 : 20);
      await sleep(12);
    }
  });
  return perSecond;
}

/** Milliseconds from a key press to the frame that shows it. */
async function typeInto(page: Page, selector: string): Promise<number> {
  await page.focus(selector);
  await page.evaluate(() => {
    const keys: number[] = [];
    Object.assign(window, { keys });
    const after = (event: Event) =>
      requestAnimationFrame(() => setTimeout(() => keys.push(performance.now() - event.timeStamp)));
    window.addEventListener("keydown", after, { capture: true });
  });
  for (const key of "12121212") {
    await page.keyboard.press("Backspace");
    await sleep(150);
    await page.keyboard.press(key);
    await sleep(150);
  }
  return median(await page.evaluate(() => (window as Window & { keys?: number[] }).keys ?? []));
}

async function measure(browser: Browser, side: Side, nodes: number, wires: number): Promise<Figures> {
  const page = await browser.newPage({ viewport: { width, height } });
  try {
    const openMs = await open(page, side.url, nodes, wires);
    await sleep(1500);
    const panFps = await dragFrom(page, "pane");
    const zoomFps = await zoom(page);
    const cardsFar = await cardsOf(page);
    const layoutsBefore = await layoutsOf(page);
    const dragFps = await dragFrom(page, "node");
    const layoutsPerDrag = ((await layoutsOf(page)) - layoutsBefore) / steps;
    const keyMs = await typeInto(page, await side.field(page));
    await comeNear(page);
    const nearPanFps = await dragFrom(page, "pane");
    const cardsNear = await cardsOf(page);
    return { openMs, panFps, zoomFps, dragFps, keyMs, nearPanFps, layoutsPerDrag, cardsFar, cardsNear };
  } finally {
    await page.close();
  }
}

function middle<F extends object>(all: readonly F[]): F {
  const names = Object.keys(all[0] ?? {}) as (keyof F)[];
  return Object.fromEntries(names.map((name) => [name, median(all.map((one) => Number(one[name])))])) as F;
}
const rounded = (figures: object) =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(Number(value).toFixed(1))]));

/** What a first visit to the editor of an ordinary graph costs, with nothing in the browser's cache. */
interface FirstLoad {
  /** Scripts as they are sent with gzip. */
  javaScriptKb: number;
  /** From the address until a node is drawn and the page answers. */
  interactiveMs: number;
}

async function firstLoad(browser: Browser, url: string): Promise<FirstLoad> {
  const context = await browser.newContext({ viewport: { width, height } });
  const page = await context.newPage();
  try {
    const interactiveMs = await open(page, url, 1, 0);
    return { javaScriptKb: totalOf(scriptsOf("/graphs/[id]/page")) / 1000, interactiveMs };
  } finally {
    await context.close();
  }
}

async function templateGraph(url: string): Promise<string> {
  const text = readFileSync("nodes/templates/clip-train-emoji.json", "utf8");
  return createGraph(url, JSON.parse(text) as GraphDocument);
}

const large = rows(count);
const address = process.env.PATCHBAY_BENCH_URL;
const product = address ? { url: address, stop: async () => {} } : await startProduct();
const bare = await serveBare(large);
process.env.CHROMIUM_PATH ??= ensureChromium();
const browser = await openBrowser();
try {
  const sides: Record<"editor" | "bare", Side> = {
    editor: {
      url: await createGraph(product.url, large),
      async field(page) {
        const { x, y } = await placeOf(page, "node");
        await page.mouse.click(x, y);
        const selector = 'aside[aria-label="Inspector"] input[inputmode]';
        await page.waitForSelector(selector);
        return selector;
      },
    },
    bare: { url: bare.url, field: async () => "input" },
  };
  const taken: Record<"editor" | "bare", Figures[]> = { editor: [], bare: [] };
  for (let round = 0; round < repetitions; round++) {
    for (const name of ["bare", "editor"] as const) {
      const figures = await measure(browser, sides[name], count, large.wires.length);
      console.error(name, JSON.stringify(rounded(figures)));
      taken[name].push(figures);
    }
  }
  const small = await templateGraph(product.url);
  const loads: FirstLoad[] = [];
  for (let round = 0; round < repetitions; round++) loads.push(await firstLoad(browser, small));
  const [ours, theirs] = [middle(taken.editor), middle(taken.bare)];
  const ratio = Object.fromEntries(
    Object.entries(ours).map(([name, value]) => [name, Number((value / theirs[name as keyof Figures]).toFixed(2))]),
  );
  console.log(
    JSON.stringify({
      bench: "editor",
      nodes: count,
      repetitions,
      window: [width, height],
      editor: rounded(ours),
      bare: rounded(theirs),
      ratio,
      firstLoad: rounded(middle(loads)),
    }),
  );
} finally {
  await browser.close();
  bare.close();
  await product.stop();
}
