/**
 * Pictures of every page and dialog, to be looked at: `npm run screens`, or `npm run screens -- NAME…` for those whose
 * names begin so. Each is taken at two sizes, light and dark, and lies in test-results/shots/screens.
 */
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import type { GraphDocument } from "#nodes/graph/document";
import { chooseNodes } from "#tests/kit/canvas";
import { Client } from "#tests/kit/client";
import { graph, tinyClip } from "#tests/kit/graphs";
import { openBrowser, openPage, type Product, startProduct } from "#tests/kit/product";
import { ensureChromium } from "./chromium.mjs";

const folder = "test-results/shots/screens";
const sizes = [
  { width: 1440, height: 900 },
  { width: 1024, height: 700 },
];
const looks = ["light", "dark"] as const;
const asked = process.argv.slice(2);

/** Where a picture is taken, and what is done there before. */
type Screen = [name: string, path: string, act?: (page: Page) => Promise<unknown>];
const press = (keys: string) => (page: Page) => page.keyboard.press(keys);
const click = (selector: string) => (page: Page) => page.locator(selector).first().click();
const rightClick = (selector: string, position?: { x: number; y: number }) => (page: Page) =>
  page.locator(selector).first().click({ button: "right", position });
const also =
  (...acts: ((page: Page) => Promise<unknown>)[]) =>
  async (page: Page) => {
    for (const act of acts) await act(page);
  };
const moreItem = (name: string) =>
  also(click("header button:has-text('More')"), click(`[role=menuitem]:has-text("${name}")`));
const onNode = (...acts: ((page: Page) => Promise<unknown>)[]) => also((page) => chooseNodes(page, "resize"), ...acts);

function screensOf({ work, wrong, template, run, other, sweep, link }: Made): Screen[] {
  return [
    ["start", "/"],
    ["start-registries", "/", click("button:has-text('Registries of templates')")],
    ["template", `/templates/${template}`],
    ["not-found", "/nowhere"],
    ["runs", "/runs"],
    ["runs-compare", `/runs/compare?ids=${run},${other}`],
    ["run", `/runs/${run}`],
    ["run-changes", `/runs/${run}/changes`],
    ["sweeps", "/sweeps"],
    ["sweep", `/sweeps/${sweep}`],
    ["runs-columns", "/runs", click("button:has-text('Columns')")],
    ["queue", "/", click("[data-queue]")],
    ["apps", "/apps"],
    ["app", "/apps/train-on-my-folder"],
    ["api-docs", "/api-docs"],
    ["link", `/s/${link}`],
    ["embed", `/embed/${link}`],
    ["versions", `/graphs/${work}/versions`],
    ["editor", `/graphs/${work}`],
    ["editor-problems", `/graphs/${wrong}`, click("[data-problems]")],
    ["editor-node", `/graphs/${work}`, onNode()],
    ["editor-nodes", `/graphs/${work}`, (page) => chooseNodes(page, "resize", "data")],
    ["editor-wire", `/graphs/${work}`, rightClick(".react-flow__edge")],
    ["editor-node-menu", `/graphs/${work}`, rightClick("[data-node=resize] > div")],
    ["editor-canvas-menu", `/graphs/${work}`, rightClick(".react-flow__pane", { x: 300, y: 700 })],
    ["editor-keys", `/graphs/${work}`, press("?")],
    ["editor-palette", `/graphs/${work}`, press("Control+k")],
    ["editor-find", `/graphs/${work}`, press("Control+f")],
    ["editor-add", `/graphs/${work}`, press("n")],
    ["editor-connect", `/graphs/${work}`, onNode(press("c"))],
    ["editor-version", `/graphs/${work}`, press("Control+s")],
    ["editor-preview", `/graphs/${work}`, click("[data-node=resize] [aria-label^=Enlarge]")],
    ["editor-run-menu", `/graphs/${work}`, click("[aria-label='Other ways to run']")],
    [
      "editor-sweep",
      `/graphs/${work}`,
      also(click("[aria-label='Other ways to run']"), click("text=Sweep parameters")),
    ],
    ["editor-more", `/graphs/${work}`, click("header button:has-text('More')")],
    ["editor-share", `/graphs/${work}`, moreItem("Share by a link")],
    ["editor-app", `/graphs/${work}`, moreItem("Publish as an app")],
    ["editor-export", `/graphs/${work}`, moreItem("Export")],
    ["editor-publish", `/graphs/${work}`, moreItem("Publish as a template")],
    ["editor-api", `/graphs/${work}`, moreItem("Use as API")],
  ];
}

/** Those of an installation with accounts, after somebody signed in. */
const signedIn = ({ graph: id, team }: { graph: string; team: string }): Screen[] => [
  ["account", "/account"],
  ["people", "/people"],
  ["audit", "/audit"],
  ["team", `/teams/${team}`],
  ["graph-people", `/graphs/${id}/people`],
];

process.env.CHROMIUM_PATH = ensureChromium() ?? "";
mkdirSync(folder, { recursive: true });
const browser = await openBrowser();
try {
  await withProduct({}, async (product) => {
    const screens = screensOf(await work(new Client(product.url)));
    for (const screen of screens) await take(browser, product, screen);
  });
  await withProduct(
    { PATCHBAY_ACCOUNTS: "1", PATCHBAY_KEY: Buffer.alloc(32, 3).toString("base64") },
    async (product) => {
      await take(browser, product, ["sign-up", "/"]);
      const ann = new Client(product.url);
      await ann.signUp("ann", "a long password");
      await take(browser, product, ["sign-in", "/"]);
      const { id: team } = await ann.call("teams.create", { name: "Vision" });
      const { id } = await ann.call("graphs.create", { template: "image-embeddings" });
      for (const screen of signedIn({ graph: id, team })) await take(browser, product, screen, ann);
    },
  );
} finally {
  await browser.close();
}

async function withProduct(env: Record<string, string>, act: (product: Product) => Promise<void>): Promise<void> {
  const product = await startProduct(env);
  try {
    await act(product);
  } finally {
    await product.stop();
  }
}

async function take(within: Browser, product: Product, [name, path, act]: Screen, visitor?: Client): Promise<void> {
  if (asked.length && !asked.some((begin) => name.startsWith(begin))) return;
  const { page, errors } = await openPage(within, sizes[0]);
  page.setDefaultTimeout(10_000);
  page.setDefaultNavigationTimeout(60_000);
  const cookies = [...(visitor?.cookies ?? [])].map(([cookie, value]) => ({ name: cookie, value, url: product.url }));
  await page.context().addCookies(cookies);
  await page.goto(product.url + path, { waitUntil: "networkidle" });
  await sleep(1000); // charts are drawn, and a graph is brought into view
  await act?.(page).catch((error: Error) => console.log(`${name}: ${error.message.split("\n")[0]}`));
  for (const size of sizes) {
    await page.setViewportSize(size);
    for (const colorScheme of looks) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await sleep(700); // colours have arrived
      await page.screenshot({ path: `${folder}/${name}-${size.width}-${colorScheme}.png` });
    }
  }
  console.log([name, ...errors].join(" "));
  await page.close();
}

type Made = Record<"work" | "wrong" | "template" | "run" | "other" | "sweep" | "link", string>;

/** Graphs, runs, a template, a sweep and a link, so that no page is empty. */
async function work(client: Client): Promise<Made> {
  const document = pictures();
  const { id } = await client.call("graphs.create", { document });
  const run = await ranToEnd(client, id, document);
  const smaller = structuredClone(document);
  Object.assign(smaller.nodes.resize?.params ?? {}, { width: 16 });
  const other = await ranToEnd(client, id, smaller);
  await client.call("graphs.nameVersion", { id, label: "With pictures" });
  const [version] = await client.query("graphs.versions", { id });
  const link = await client.call("links.make", {
    source: { version: version.id, run },
    leaveOut: {},
    resultFiles: false,
    sites: [],
  });
  const about = { title: "Small pictures", text: "Drawings, made small.", tags: ["emoji"], licence: "MIT" };
  const template = await client.call("templates.publish", { version: version.id, about, visibility: "everyone" });
  const axes = [{ node: "trainer", param: "lr", values: [0.001, 0.003, 0.01] }];
  const spec = { mode: "grid", axes, metric: { node: "trainer", port: "curve", goal: "min" } };
  const sweep = await client.call("sweeps.create", { document: { ...tinyClip(), name: "Small CLIP" }, spec });
  const broken = structuredClone(document);
  Object.assign(broken.nodes.resize?.params ?? {}, { width: -1 });
  const wrong = await client.call("graphs.create", { document: { ...broken, name: "With a mistake" } });
  return { work: id, wrong: wrong.id, template: template.id, run, other, sweep: sweep.id, link: link.token };
}

async function ranToEnd(client: Client, graphId: string, document: GraphDocument): Promise<string> {
  const { id } = await client.call("runs.create", { graphId, document });
  while (["queued", "running"].includes((await client.query("runs.get", { id })).status)) await sleep(300);
  return id;
}

/** Something of all that is drawn: a frame, a note, pictures, a node that is passed by. */
function pictures(): GraphDocument {
  const document = graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit: 8 }],
      resize: ["image.resize", { width: 24, height: 24 }],
      normalize: ["image.normalize"],
      grid: ["output.image-grid"],
    },
    ["data.image -> resize.image", "resize.image -> normalize.image", "data.image -> grid.image"],
  );
  for (const [i, node] of Object.values(document.nodes).entries()) node.position = { x: i * 300, y: (i % 2) * 220 };
  Object.assign(document.nodes.normalize as object, { off: "bypassed" });
  document.notes = { n: { text: "# A note", position: { x: 0, y: -160 }, size: { width: 240, height: 120 } } };
  document.frames = { f: { title: "A frame", position: { x: 280, y: 160 }, size: { width: 320, height: 360 } } };
  return { ...document, name: "Small pictures" };
}
