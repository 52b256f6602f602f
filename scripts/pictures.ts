/**
 * Makes the pictures of the README, of the templates' pages and of their cards from the running product:
 * `npm run pictures`, or `npm run pictures -- NAME…` for some templates. Each template is opened, run to its end and
 * photographed in a headless Chromium. With `--arrange` its nodes are laid out first, by the sizes that they have after
 * the run, and the places go into the template. Where a training would take minutes, scripts/gen/template-pictures.ts
 * makes it shorter; most take less than two minutes on two cores.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { type GraphDocument, graphDocument } from "#nodes/graph/document";
import { savedGraph } from "#tests/kit/canvas";
import { openBrowser, openPage, startProduct } from "#tests/kit/product";
import { onTinyModels, tinyFolders } from "./gen/tiny-models";
import { ensureChromium } from "./chromium.mjs";
import { photographCard } from "./gen/card-picture";
import { onRealModels, shortened } from "./gen/template-pictures";

/** The template that stands for all in the README, and the node that is chosen and come close to there. */
const editorPicture = { template: "clip-zero-shot-emoji", node: "labels" };
/** Pixels of the picture for one of the page: small text stays readable. */
const scale = 2;
const largest = 300_000;
const asked = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const arranges = process.argv.includes("--arrange");
const templates = readdirSync("nodes/templates")
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -".json".length))
  .filter((id) => !asked.length || asked.includes(id));

const folder = mkdtempSync(join(tmpdir(), "patchbay-pictures-"));
process.env.CHROMIUM_PATH = ensureChromium() ?? "";
const data = join(folder, "data");
const folders = [...tinyFolders, resolve(process.env.PATCHBAY_DATA ?? ".data", "fetched")].filter(existsSync);
linkAsFetched(folders);
const product = await startProduct({ PATCHBAY_DATA: data, PATCHBAY_FOLDERS: folders.join(",") });
const browser = await openBrowser();
try {
  for (const id of templates) await photographTemplate(browser, id);
} finally {
  await browser.close();
  await product.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function photographTemplate(within: Browser, id: string): Promise<void> {
  const began = performance.now();
  const { page } = await openPage(within, { scale });
  const template = graphDocument.parse(JSON.parse(readFileSync(`nodes/templates/${id}.json`, "utf8")));
  await openGraph(page, id, template);
  await runToEnd(page);
  if (arranges) await arrangeTemplate(page, id);
  if (id === editorPicture.template) {
    await lookAt(page, editorPicture.node);
    await photograph(page, "docs/editor.png");
  }
  for (const panel of ["nodes", "inspector"]) await page.getByRole("button", { name: `Hide the ${panel}` }).click();
  await page.keyboard.press("Alt+m"); // nor does the overview lie on nodes
  await page.keyboard.press("Escape"); // nothing is chosen
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await showWholeGraph(page);
  await photograph(page, `docs/templates/${id}.png`);
  await photographCard(page, id, template);
  await page.close();
  console.log(`${id}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
}

/**
 * Tiny models and data lie where fetched ones would: no picture shows a path of the machine that it was taken on. Where
 * a real one has the name of a tiny one, the tiny one is taken.
 */
function linkAsFetched(from: readonly string[]): void {
  const fetched = join(data, "fetched");
  mkdirSync(fetched, { recursive: true });
  for (const whole of from) {
    for (const name of readdirSync(whole)) {
      if (!existsSync(join(fetched, name))) symlinkSync(join(whole, name), join(fetched, name));
    }
  }
}

/** Opens the template as a file, made shorter where that is asked for. */
async function openGraph(page: Page, id: string, template: GraphDocument): Promise<void> {
  const isReal = onRealModels.includes(id);
  const document = shortened(id, isReal ? template : onTinyModels(template));
  const file = join(folder, `${id}.json`);
  const asFetched = (text: string, tiny: string) => text.replaceAll(tiny, "fetched");
  const named = JSON.stringify(document).replace(
    /\/models\/([\w.-]+)/g,
    (_, model: string) => `fetched/${model.toLowerCase()}`,
  );
  writeFileSync(file, tinyFolders.reduce(asFetched, named));
  await page.goto(product.url);
  await page.setInputFiles('input[type="file"]', file);
  await page.waitForSelector("[data-node]");
}

/** Lays the nodes out, and gives the template the places that they have then. */
async function arrangeTemplate(page: Page, id: string): Promise<void> {
  await page.keyboard.press("Alt+Shift+T");
  await sleep(1000); // nodes glide to their places, and the edit is on its way
  const { nodes } = await savedGraph(page);
  const file = `nodes/templates/${id}.json`;
  const template = JSON.parse(readFileSync(file, "utf8")) as Pick<GraphDocument, "nodes">;
  for (const [node, { position }] of Object.entries(nodes)) {
    const place = template.nodes[node];
    if (place) place.position = position;
  }
  writeFileSync(file, `${JSON.stringify(template, null, 2)}\n`);
}

async function runToEnd(page: Page): Promise<void> {
  await page.click("header button:has-text('Run')");
  await page.waitForSelector("[data-run-status=done], [data-run-status=failed]", { timeout: 600_000 });
  const failed = await page.locator("[data-run-status=failed]").count();
  if (failed) throw new Error(`The run failed: ${await page.textContent("body")}`);
}

async function showWholeGraph(page: Page): Promise<void> {
  await page.keyboard.press("1");
  await sleep(1000); // the canvas glides to its place
}

/** Opens a node's settings, and comes closer to it. */
async function lookAt(page: Page, node: string): Promise<void> {
  await showWholeGraph(page);
  await page.click(`[data-node="${node}"] [title]`);
  const box = await page.locator(`[data-node="${node}"]`).boundingBox();
  if (!box) throw new Error(`The node “${node}” is not on the screen.`);
  await page.mouse.move(box.x + box.width, box.y + box.height / 2);
  await page.mouse.wheel(0, -350);
}

/** A palette keeps text sharp and the file small; it has as many colours as the file has room for. */
async function photograph(page: Page, file: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.waitForLoadState("networkidle");
  await sleep(1000);
  const screenshot = await page.screenshot();
  for (const colours of [256, 128, 64, 32]) {
    const picture = await sharp(screenshot).png({ palette: true, colours, dither: 0, effort: 10 }).toBuffer();
    if (picture.length > largest) continue;
    writeFileSync(file, picture);
    console.log(`${file}: ${Math.round(picture.length / 1000)} kB, ${colours} colours`);
    return;
  }
  throw new Error(`${file} is larger than ${largest} bytes in any palette.`);
}
