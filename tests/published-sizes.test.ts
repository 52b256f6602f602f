/** Sizes that papers and released configurations tell: the templates at those sizes have them. */
import { describe, expect, it } from "vitest";
import type { Tensor } from "#nodes/core/values";
import { check } from "#nodes/graph/check";
import { setConstantValue } from "#nodes/graph/constants";
import type { GraphDocument } from "#nodes/graph/document";
import { parametersOf } from "#nodes/graph/weights-tree";
import { minMaxResize } from "#nodes/image/min-max-resize";
import { timmVit } from "#nodes/model/timm-vit";
import { visionTransformer } from "#nodes/model/vision-transformer";
import { readTemplate } from "#server/templates";
import { flat, runNode, runTensorNode } from "./kit/run-node";

describe("BLIP of base size", () => {
  const base = {
    patch: 16,
    vision_width: 768,
    vision_layers: 12,
    vision_heads: 12,
    text_width: 768,
    text_layers: 12,
    text_heads: 12,
    positions: 512,
    vocabulary: 30_524,
    embed: 256,
    queue: 57_600,
  };
  /** Millions of numbers that train, with the names that are shared. */
  async function trained(name: string, except: string): Promise<number> {
    const template = (await readTemplate("blip-pretrain")) as GraphDocument;
    const sized = Object.entries(base).reduce(
      (document, [constant, value]) => setConstantValue(document, constant, value),
      structuredClone(template),
    );
    Object.assign(sized.nodes.shared?.params ?? {}, { name, except });
    const numbers = parametersOf(check(sized), "fresh").filter(({ state }) => state === "trains");
    return Math.round(numbers.reduce((sum, { count }) => sum + count, 0) / 1e6);
  }
  // Li et al. 2022, table 3.
  it("has 252 million parameters with all but self-attention shared", async () =>
    expect(await trained("text_decoder.bert.*", "*.attention.*")).toBe(252));
  it("has 252 million with all but cross-attention shared", async () =>
    expect(await trained("text_decoder.bert.*", "*.crossattention.*")).toBe(252));
  it("has 224 million with all shared, and 361 with nothing", async () => {
    expect(await trained("text_decoder.bert.*", "")).toBe(224);
    expect(await trained("none.*", "")).toBe(361);
  });
});

describe("tokens of a picture", () => {
  it.each([
    ["CLIP ViT-B/32", visionTransformer, 224, 32, 50],
    ["CLIP ViT-B/16", visionTransformer, 224, 16, 197],
    ["CLIP ViT-L/14 at 336", visionTransformer, 336, 14, 577],
    ["ALBEF", timmVit, 256, 16, 257],
    ["ALBEF, fine-tuned", timmVit, 384, 16, 577],
    ["BLIP", timmVit, 224, 16, 197],
  ] as const)("of %s", async (_, node, side, patch, tokens) => {
    const pixels: Tensor = { dtype: "float32", shape: [1, 3, side, side], data: new Float32Array(3 * side ** 2) };
    const { outputs } = await runTensorNode(
      node as typeof timmVit,
      { pixels },
      { patch, width: 8, layers: 1, heads: 1 },
    );
    expect(outputs.tokens?.shape).toEqual([1, tokens, 8]);
  });
});

describe("ViLT's pictures", () => {
  const longestText = 40;
  const mostPatches = 200;
  it.each([
    [1000, 600, 608, 352, 209],
    [640, 480, 512, 384, 192],
    [500, 500, 384, 384, 144],
  ])("of %i × %i become %i × %i and have %i patches", async (width, height, scaledWidth, scaledHeight, patches) => {
    const { pixels } = await runNode(minMaxResize, { image: flat(height, width, [[128, 128, 128]]) });
    expect(pixels.shape).toEqual([1, 3, scaledHeight, scaledWidth]);
    expect((scaledWidth / 32) * (scaledHeight / 32)).toBe(patches);
    // 640 × 480 in pre-training: 40 words, the class token, 192 patches.
    if (width === 640) expect(longestText + 1 + Math.min(patches, mostPatches)).toBe(233);
  });
});
