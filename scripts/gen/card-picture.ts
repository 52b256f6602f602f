/**
 * The picture of a template's card: what the nodes of its result gave, as the editor draws it, as large as the card is.
 * scripts/pictures.ts takes it after a run, light and dark.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import sharp from "sharp";
import type { GraphDocument } from "#nodes/graph/document";
import { onRealModels, results, shorter } from "./template-pictures";
import { tinyModelsFor } from "./tiny-models";

const folder = "docs/templates/cards";
/** Of a card in three columns, in CSS pixels. */
const size = { width: 360, height: 176 };

/** To be called last: the page is not the editor's afterwards. */
export async function photographCard(page: Page, id: string, document: GraphDocument): Promise<void> {
  const nodes = results[id];
  if (!nodes) throw new Error(`scripts/gen/template-pictures.ts does not say which nodes show what ${id} gives.`);
  await page.keyboard.press("0"); // at 100 % nodes are drawn with all that they say
  await sleep(1000);
  await page.evaluate(putOnStage, { nodes, size, caption: captionOf(id, document) });
  mkdirSync(folder, { recursive: true });
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await sleep(1000); // what is drawn in the theme's colours is drawn anew
    const screenshot = await page.screenshot({ clip: { x: 0, y: 0, ...size } });
    const picture = await sharp(screenshot).webp({ quality: 85, effort: 6 }).toBuffer();
    writeFileSync(`${folder}/${id}-${theme}.webp`, picture);
    console.log(`${folder}/${id}-${theme}.webp: ${Math.round(picture.length / 1000)} kB`);
  }
}

/** What it was photographed on where that is not the template as it is. */
function captionOf(id: string, document: GraphDocument): string {
  if (!onRealModels.includes(id) && tinyModelsFor(document).length) return "on a tiny model with random weights";
  return id in shorter ? "after a shorter run" : "";
}

interface Stage {
  nodes: readonly string[];
  size: { width: number; height: number };
  caption: string;
}

/** In the page: moves nodes, without their ports, from the canvas to the front of a corner of the window. */
function putOnStage({ nodes, size, caption }: Stage): void {
  const stage = document.createElement("div");
  Object.assign(stage.style, {
    position: "fixed",
    inset: "0 auto auto 0",
    zIndex: "9999",
    width: `${size.width}px`,
    height: `${size.height}px`,
    overflow: "hidden",
    display: "flex",
    gap: "8px",
    padding: "8px",
    alignItems: "safe center",
    background: "var(--ground)",
  });
  for (const id of nodes) {
    const node = document.querySelector<HTMLElement>(`[data-node="${id}"]`);
    const [title, ...parts] = node?.children ?? [];
    const shown = parts.filter((part) => !part.querySelector(".react-flow__handle"));
    if (!node || !title || !shown.length) throw new Error(`The node “${id}” shows nothing.`);
    title.replaceChildren(...[...title.children].slice(0, 2)); // its colour and its name
    node.replaceChildren(title, ...shown);
    Object.assign(node.style, { flex: "1", minWidth: "0", width: "auto" });
    stage.append(node);
  }
  if (caption) {
    const line = document.createElement("p");
    line.textContent = caption;
    Object.assign(line.style, {
      position: "absolute",
      right: "0",
      bottom: "0",
      padding: "1px 8px",
      borderTopLeftRadius: "6px",
      fontSize: "11px",
      color: "var(--ink-2)",
      background: "var(--ground)",
    });
    stage.append(line);
  }
  document.body.append(stage);
}
