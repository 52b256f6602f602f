/** What tests do on the canvas of the editor, and what they read from it. */
import type { Page } from "playwright-core";
import type { GraphDocument } from "#nodes/graph/document";

export interface Point {
  x: number;
  y: number;
}

/** What the server has of the graph of a page, once all is saved. */
export async function savedGraph(page: Page): Promise<GraphDocument> {
  await page.waitForSelector("[data-saved=saved]:not([data-kept])", { timeout: 30_000 });
  const { origin, pathname } = new URL(page.url());
  const input = encodeURIComponent(JSON.stringify({ json: { id: pathname.split("/").at(-1) } }));
  const answer = await fetch(`${origin}/api/trpc/graphs.get?input=${input}`);
  const { result } = (await answer.json()) as { result: { data: { json: { document: GraphDocument } } } };
  return result.data.json.document;
}

/** Opens a graph, and brings all of it into view. */
export async function openCanvas(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector(".react-flow__minimap", { state: "attached" });
  await page.keyboard.press("1");
  await atRest(page);
}

/** Waits until the view has not moved for some frames. */
export async function atRest(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const transform = () => document.querySelector<HTMLElement>(".react-flow__viewport")?.style.transform;
    let before = transform();
    for (let still = 0; still < 12; ) {
      await new Promise((next) => requestAnimationFrame(next));
      still = transform() === before ? still + 1 : 0;
      before = transform();
    }
  });
}

/** The middle of what a selector finds, on the screen. */
export async function middleOf(page: Page, selector: string): Promise<Point> {
  const box = await page.locator(selector).boundingBox();
  if (!box) throw new Error(`${selector} is not on the screen`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Drags with the pointer, in steps as a hand does, while some keys are held. */
export async function dragBetween(page: Page, from: Point, to: Point, keys: readonly string[] = []): Promise<void> {
  await page.mouse.move(from.x, from.y);
  for (const key of keys) await page.keyboard.down(key);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 6 });
  await page.mouse.move(to.x, to.y, { steps: 6 });
  await page.mouse.up();
  for (const key of keys) await page.keyboard.up(key);
}

/** Chooses nodes by their titles' bars. */
export async function chooseNodes(page: Page, ...nodes: string[]): Promise<void> {
  await page.keyboard.press("Escape");
  for (const [i, node] of nodes.entries()) {
    const modifiers = i ? (["Control"] as const) : [];
    // At the beginning of the title: marks and buttons stand at its end.
    await page.click(`[data-node="${node}"] > div >> nth=0`, { modifiers: [...modifiers], position: { x: 14, y: 8 } });
  }
}

/** Waits until so many nodes and wires are on the canvas. */
export async function hasParts(page: Page, nodes: number, wires: number): Promise<void> {
  await page.waitForFunction(
    ([nodeCount, wireCount]) =>
      document.querySelectorAll(".react-flow__node-node").length === nodeCount &&
      document.querySelectorAll(".react-flow__edge").length === wireCount,
    [nodes, wires] as const,
    { timeout: 10_000 },
  );
}

/** Waits until something is told to whoever cannot see the canvas. */
export async function hears(page: Page, text: string): Promise<void> {
  await page.waitForFunction(
    (wanted) => document.querySelector("[data-announcement]")?.textContent?.includes(wanted),
    text,
    { timeout: 60_000 },
  );
}

/** Runs the graph by its keys, and waits until the end of that run is told. */
export async function runToEnd(page: Page): Promise<void> {
  await page.evaluate(() => {
    const told: string[] = [];
    const region = document.querySelector("[data-announcement]");
    if (!region) throw new Error("Nothing can be told on this page");
    new MutationObserver(() => told.push(region.textContent ?? "")).observe(region, {
      characterData: true,
      childList: true,
      subtree: true,
    });
    Object.assign(window, { told });
  });
  await page.keyboard.press("Control+Enter");
  await page.waitForFunction(
    () => (window as unknown as { told: string[] }).told.some((text) => text.startsWith("The run is done after")),
    undefined,
    { timeout: 120_000 },
  );
}

/** The wires of a graph in short, sorted. */
export const wiresOf = ({ wires }: GraphDocument): string[] =>
  wires.map(({ from, to }) => `${from.node}.${from.port} -> ${to.node}.${to.port}`).sort();

/** Lets go files over something on the page. */
export async function dropFile(page: Page, selector: string, name: string, type: string, bytes: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([content, fileName, mime]) => {
      const data = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
      const carried = new DataTransfer();
      carried.items.add(new File([data], fileName, { type: mime }));
      return carried;
    },
    [bytes.toString("base64"), name, type] as const,
  );
  await page.dispatchEvent(selector, "dragover", { dataTransfer: transfer });
  await page.dispatchEvent(selector, "drop", { dataTransfer: transfer });
}
