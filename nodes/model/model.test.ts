import { describe, expect, it } from "vitest";
import { floats, ids, runTensorNode } from "#tests/kit/run-node";
import type { Tensor } from "../core/values";
import { contrastiveScorer } from "./contrastive-scorer";
import { l2Normalize } from "./l2-normalize";
import { poolTokens } from "./pool-tokens";
import { projector } from "./projector";
import { textTransformer } from "./text-transformer";
import { visionTransformer } from "./vision-transformer";
import { builderOf } from "#models/blocks/builder";
import { Graph } from "#models/onnx/graph";
import { random } from "#models/random";

const normal = (shape: readonly number[], key: string): Tensor => {
  const draw = random(key);
  return floats(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draw.normal()),
  );
};
const list = (t: Tensor | undefined): number[] => Array.from(t?.data as Float32Array);

describe("vision transformer", () => {
  const small = { patch: 8, width: 32, layers: 2, heads: 4 };
  it("has CLIP's parameters: no bias on patches, class token, N+1 positions, ln_pre and ln_post", async () => {
    const { parameters, types } = await runTensorNode(
      visionTransformer,
      { pixels: normal([2, 3, 16, 24], "p") },
      small,
    );
    expect(types).toEqual({ features: [2, 32], tokens: [2, 7, 32], patches: [2, 6, 32] });
    expect(parameters["conv1.weight"]).toEqual([192, 32]);
    expect(parameters["conv1.bias"]).toBeUndefined();
    expect(parameters.class_embedding).toEqual([1, 1, 32]);
    expect(parameters.positional_embedding).toEqual([7, 32]);
    expect(parameters["blocks.1.attn.qkv.bias"]).toEqual([96]);
    expect(parameters["blocks.0.mlp.c_fc.weight"]).toEqual([32, 128]);
    for (const ln of ["ln_pre", "ln_post", "blocks.0.ln_1", "blocks.1.ln_2"])
      expect(parameters[`${ln}.weight`], ln).toEqual([32]);
  });
  it("has as many parameters as CLIP ViT-B/32 before its projection", () => {
    const graph = new Graph();
    const { parameters } = graph;
    visionTransformer.build?.({
      ...builderOf(graph),
      inputs: { pixels: graph.input("p", "float32", ["B", 3, 224, 224]) } as never,
      params: {
        scope: "v",
        patch: 32,
        width: 768,
        layers: 12,
        heads: 12,
        mlpRatio: 4,
        size: 0,
        activation: "quick_gelu",
        epsilon: 1e-5,
        files: "Patchbay",
      },
    });
    const count = parameters.reduce((n, p) => n + (p.value.shape as number[]).reduce((a, b) => a * b, 1), 0);
    expect(count + 768 * 512).toBe(87_849_216); // openai/CLIP ViT-B/32's visual tower
  });
  it("treats every picture by itself, with a symbolic batch too", async () => {
    const pixels = normal([3, 3, 16, 16], "q");
    const all = await runTensorNode(visionTransformer, { pixels }, small);
    const one = await runTensorNode(
      visionTransformer,
      { pixels: { ...pixels, shape: [1, 3, 16, 16], data: pixels.data.slice(768, 1536) as Float32Array } },
      small,
      { symbolic: true },
    );
    expect(one.types.features).toEqual(["B", 32]);
    for (const [i, x] of list(one.outputs.features).entries())
      expect(x).toBeCloseTo(list(all.outputs.features)[32 + i] as number, 4);
  });
  it("reads patches in the order of a convolution's kernel", async () => {
    // A kernel that picks channel 1, row 2, column 3 of each patch.
    const kernel = Array.from({ length: 192 * 8 }, (_, i) => (i === (64 + 2 * 8 + 3) * 8 ? 1 : 0));
    const pixels = normal([1, 3, 16, 16], "r");
    const one = (n: number) => Array.from({ length: n }, () => 1);
    const none = (n: number) => Array.from({ length: n }, () => 0);
    const graph = await runTensorNode(
      visionTransformer,
      { pixels },
      { patch: 8, width: 8, layers: 1, heads: 1 },
      {
        weights: {
          "conv1.weight": kernel,
          class_embedding: none(8),
          positional_embedding: none(40),
          "blocks.0.attn.out.weight": none(64),
          "blocks.0.mlp.c_proj.weight": none(256),
          "ln_pre.weight": one(8),
        },
      },
    );
    // ln_pre of a vector with one entry c at place 0 is ± the same pattern whatever c: its sign tells the pixel's.
    const tokens = list(graph.outputs.tokens);
    [0, 1, 2, 3].forEach((patch) => {
      const y = Math.floor(patch / 2) * 8 + 2;
      const x = (patch % 2) * 8 + 3;
      const pixel = list(pixels)[256 + y * 16 + x] as number;
      expect(Math.sign(tokens[(patch + 1) * 8] as number)).toBe(Math.sign(pixel));
    });
  });
  it("says when patches do not fit", async () => {
    await expect(runTensorNode(visionTransformer, { pixels: normal([1, 3, 20, 16], "s") }, small)).rejects.toThrow(
      "pictures of 16 × 20 cannot be cut into patches of 8",
    );
    const odd = { ...small, patch: 16 };
    const pixels = normal([1, 3, 40, 48], "s");
    await expect(runTensorNode(visionTransformer, { pixels }, odd)).rejects.toThrow(
      "pictures of 48 × 40 cannot be cut into patches of 16",
    );
    const { outputs } = await runTensorNode(visionTransformer, { pixels }, { ...odd, size: 32 });
    expect(outputs.patches?.shape.slice(0, 2)).toEqual([1, 3 * 2]);
    expect(visionTransformer.check?.({ width: 30, heads: 4 } as never)?.message).toContain("not divisible");
  });
});

describe("text transformer", () => {
  const small = { vocabulary: 50, width: 16, layers: 2, heads: 2 };
  const run = (rows: number[][]) => runTensorNode(textTransformer, { ids: ids([rows.length, 6], rows.flat()) }, small);
  it("is causal: what follows a token does not change it", async () => {
    const [a, b] = [await run([[48, 5, 6, 7, 49, 0]]), await run([[48, 5, 6, 9, 8, 49]])];
    const prefix = 3 * 16;
    expect(list(a.outputs.tokens).slice(0, prefix)).toEqual(list(b.outputs.tokens).slice(0, prefix));
    expect(list(a.outputs.tokens).slice(prefix, prefix + 16)).not.toEqual(
      list(b.outputs.tokens).slice(prefix, prefix + 16),
    );
  });
  it("pools the row at the highest id, the end of text, so that padding does not matter", async () => {
    const { outputs } = await run([
      [48, 5, 49, 0, 0, 0],
      [48, 5, 6, 7, 8, 49],
    ]);
    for (const [row, place] of [
      [0, 2],
      [1, 5],
    ] as const)
      expect(list(outputs.features).slice(row * 16, row * 16 + 16)).toEqual(
        list(outputs.tokens).slice((row * 6 + place) * 16, (row * 6 + place + 1) * 16),
      );
  });
  it("has CLIP's parameters", async () => {
    const { parameters } = await run([[48, 5, 49, 0, 0, 0]]);
    expect([
      parameters.token_embedding,
      parameters.positional_embedding,
      parameters["ln_final.weight"],
      parameters["blocks.1.attn.out.weight"],
    ]).toEqual([[50, 16], [6, 16], [16], [16, 16]]);
  });
});

describe("projector, normalization and scorer", () => {
  it("projects by one product without bias, or by an MLP with one", async () => {
    const x = floats([1, 2], [1, 2]);
    const { outputs } = await runTensorNode(
      projector,
      { features: x },
      { width: 3 },
      { weights: { "proj.weight": [1, 0, 2, 0, 1, 3] } },
    );
    expect(list(outputs.embedding)).toEqual([1, 2, 8]);
    expect(Object.keys((await runTensorNode(projector, { features: x }, { width: 3, layers: 2 })).parameters)).toEqual([
      "layers.0.weight",
      "layers.0.bias",
      "layers.1.weight",
      "layers.1.bias",
    ]);
  });
  it("gives vectors of length 1", async () => {
    const { outputs } = await runTensorNode(l2Normalize, { embedding: floats([2, 2], [3, 4, 0, -2]) });
    list(outputs.embedding).forEach((v, i) => expect(v).toBeCloseTo([0.6, 0.8, 0, -1][i] as number, 6));
  });
  it("starts at a logit scale of ln(1/0.07) = 2.659260 and keeps it in [0, ln 100]", async () => {
    const eye = floats([2, 2], [1, 0, 0, 1]);
    const { outputs } = await runTensorNode(contrastiveScorer, { images: eye, texts: eye });
    list(outputs.logits).forEach((v, i) => expect(v).toBeCloseTo(i % 3 === 0 ? 1 / 0.07 : 0, 4));
    expect(contrastiveScorer.clamp?.logit_scale).toEqual([0, 4.605170185988092]);
  });
  it("averages the embeddings of a name's templates and normalizes again", async () => {
    const images = floats([1, 2], [1, 0]);
    const texts = floats([4, 2], [1, 0, 0, 1, 0, 1, 0, 1]);
    for (const symbolic of [false, true]) {
      const { outputs } = await runTensorNode(
        contrastiveScorer,
        { images, texts },
        { templates: 2 },
        { weights: { logit_scale: [0] }, symbolic },
      );
      expect(outputs.logits?.shape).toEqual([1, 2]);
      list(outputs.logits).forEach((v, i) => expect(v).toBeCloseTo([Math.SQRT1_2, 0][i] as number, 5));
    }
    await expect(runTensorNode(contrastiveScorer, { images, texts }, { templates: 3 })).rejects.toThrow(
      "4 texts are no multiple of 3 templates",
    );
  });
});

describe("pool tokens", () => {
  const hidden = floats([2, 3, 1], [1, 2, 6, 10, 20, 60]);
  const mask = ids([2, 3], [1, 1, 0, 0, 1, 1]);
  const pooled = async (by: string, inputs: object) =>
    list((await runTensorNode(poolTokens, { hidden, ...inputs }, { by })).outputs.embedding);
  it("takes the mean, the first or the last of the tokens that count", async () => {
    expect(await pooled("mean", { mask })).toEqual([1.5, 40]);
    expect(await pooled("last", { mask })).toEqual([2, 60]);
    expect(await pooled("first", { mask })).toEqual([1, 10]);
    expect(await pooled("mean", {})).toEqual([3, 30]);
    expect(await pooled("last", {})).toEqual([6, 60]);
  });
});
