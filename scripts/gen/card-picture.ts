/**
 * The picture of a template's card: what the nodes of its result gave, as the editor draws it, as large as the card is.
 * scripts/pictures.ts takes it after a run, light and dark.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { shorter } from "./template-pictures";

const folder = "docs/templates/cards";
/** Of a card in three columns, in CSS pixels. */
const size = { width: 360, height: 176 };

/** By template, which of its nodes show what it gives: one, or two side by side. */
export const results: Readonly<Record<string, readonly string[]>> = {
  "albef-pretrain": ["curve", "recall"],
  "align-train": ["curve", "retrieval"],
  "ask-about-my-picture": ["grid"],
  "blip-capfilt": ["shown"],
  "blip-pretrain": ["curve", "recall"],
  "chat-with-a-language-model": ["answer"],
  "clip-resnet-train": ["curve", "labels"],
  "clip-retrieval-emoji": ["search"],
  "clip-train-emoji": ["curve", "labels"],
  "clip-vit-train": ["curve", "labels"],
  "clip-zero-shot-emoji": ["labels"],
  "distill-ema-teacher": ["after_student_accuracy", "after_teacher_accuracy"],
  "embed-and-search-text": ["search"],
  "fine-tune-an-llm-lora": ["before", "after"],
  "image-embeddings": ["heatmap"],
  "import-onnx-finetune": ["accuracy", "baseline"],
  "linear-probe": ["clip_accuracy", "base_accuracy"],
  "llava-from-nothing": ["curve", "vqa"],
  "llava-next": ["answers"],
  "llava-onevision": ["answers"],
  "llava-train-two-stages": ["curve", "vqa"],
  "lora-finetune": ["before_accuracy", "after_accuracy"],
  "mae-pretrain": ["drawn"],
  vilt: ["curve", "accuracy"],
  vlmo: ["recall", "recall_vl"],
  "zero-shot-with-your-clip": ["labels"],
};

/** To be called last: the page is not the editor's afterwards. */
export async function photographCard(page: Page, id: string): Promise<void> {
  const nodes = results[id];
  if (!nodes) throw new Error(`scripts/gen/card-picture.ts does not say which nodes show what ${id} gives.`);
  await page.evaluate(putOnStage, { nodes, size, caption: id in shorter ? "after a shorter run" : "" });
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

interface Stage {
  nodes: readonly string[];
  size: { width: number; height: number };
  caption: string;
}

/** In the page: moves nodes, without their ports, from the canvas to a corner of the window in front of everything. */
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
    const previews = node?.querySelector(":scope > :has(> [aria-label^='Enlarge the previews'])");
    if (!node?.firstElementChild || !previews) throw new Error(`The node “${id}” shows nothing.`);
    node.replaceChildren(node.firstElementChild, previews);
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
