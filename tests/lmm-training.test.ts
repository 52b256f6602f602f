/** A small model of LLaVA's kind trains on pictures of any size and number: from conversations to the loss. */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import sharp from "sharp";
import { expect, it } from "vitest";
import type { Series } from "#nodes/core/values";
import { graph, runDocument } from "./kit/graphs";
import { oneVisionWires } from "./kit/onevision-wires";
import { temporaryFolder } from "./kit/run-node";

/** One of Qwen's kind, and what it calls <image>. */
const tokenizer = resolve("tests/fixtures/conformance/llava-onevision");
const placeholder = 369;

const colours = ["red", "green", "blue", "white"];

/** Questions about pictures of one colour, of several shapes; some rows have two pictures, some none. */
async function conversations(): Promise<string> {
  const folder = await temporaryFolder();
  const sizes = [
    [64, 32],
    [30, 90],
    [32, 32],
  ] as const;
  const rows = await Promise.all(
    Array.from({ length: 24 }, async (_, i) => {
      const colour = colours[i % colours.length] as string;
      const count = i % 6 === 5 ? 0 : 1 + Number(i % 4 === 3);
      const image = Array.from({ length: count }, (_, k) => `${i}-${k}.png`);
      const [width, height] = sizes[i % sizes.length] as [number, number];
      for (const name of image)
        await sharp({ create: { width, height, channels: 3, background: colour } })
          .png()
          .toFile(join(folder, name));
      const places = image.map(() => "<image>").join("");
      const question = count ? `${places}\nWhat colour is it?` : `Say ${colour}.`;
      return {
        id: `${i}`,
        image,
        conversations: [
          { from: "human", value: question },
          { from: "gpt", value: colour },
        ],
      };
    }),
  );
  await writeFile(join(folder, "rows.json"), JSON.stringify(rows));
  return folder;
}

it("a model learns from pictures of any size and number, answering about them", async () => {
  const folder = await conversations();
  const decoder = { vocabulary: 376, width: 32, layers: 1, heads: 2, keyHeads: 2, hidden: 48 };
  const document = graph(
    {
      data: ["data.conversations", { folder, files: "rows.json" }],
      tokenizer: ["text.load-tokenizer", { source: "folder", folder: tokenizer }],
      template: ["text.conversation-template", { template: "qwen", system: "Hi.", placeholder }],
      tiler: ["image.anyres-tiler", { tile: 16, patch: 8, resolutions: "(1x1),…,(2x2)", most: 2, rounded: true }],
      places: ["text.place-images", { length: 200, padding: "rounded", placeholder }],
      tower: ["model.vision-transformer", { patch: 8, width: 16, layers: 1, heads: 2 }],
      projector: ["model.projector", { width: 32, layers: 2 }],
      packer: ["model.anyres-packer"],
      table: ["model.token-embedding", { vocabulary: 376, width: 32 }],
      splice: ["model.splice", { placeholder }],
      decoder: ["model.llm-decoder", { ...decoder, tied: false }],
      loss: ["loss.causal-lm"],
      trainer: ["train.trainer", { steps: 24, batch: 6, warmup: 4, lr: 0.01, weightDecay: 0 }],
    },
    [...oneVisionWires],
  );
  const { outputs, error } = await runDocument(document, await temporaryFolder(), {
    folders: [folder, tokenizer],
  });
  expect(error).toBeUndefined();
  const { lines } = outputs.trainer?.curve?.value as Series;
  const loss = lines.find(({ name }) => name === "loss")?.values ?? [];
  expect(loss[0]).toBeGreaterThan(5);
  expect(loss.at(-1)).toBeLessThan(1);
});
