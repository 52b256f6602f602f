import { describe, expect, it } from "vitest";
import { floats, ids, runTensorNode } from "#tests/kit/run-node";
import { clipResnet } from "./clip-resnet";
import { contrastiveScorer } from "./contrastive-scorer";
import { projector } from "./projector";
import { textTransformer } from "./text-transformer";
import { visionTransformer } from "./vision-transformer";

const files = "OpenAI CLIP";
const pictures = (side: number) =>
  floats(
    [2, 3, side, side],
    Array.from({ length: 6 * side * side }, (_, i) => Math.sin(i)),
  );

// What the numbers are is tested with whole steps, in tests/systems.test.ts.
describe("CLIP under its official names", () => {
  it("has them in its vision transformer", async () => {
    const params = { files, patch: 8, width: 8, layers: 1, heads: 2 };
    const { outputs, parameters } = await runTensorNode(visionTransformer, { pixels: pictures(16) }, params);
    expect(outputs.features?.shape).toEqual([2, 8]);
    expect(parameters).toMatchObject({
      "conv1.weight": [8, 3, 8, 8],
      class_embedding: [8],
      positional_embedding: [5, 8],
      "transformer.resblocks.0.attn.in_proj_weight": [24, 8],
      "transformer.resblocks.0.attn.in_proj_bias": [24],
      "transformer.resblocks.0.attn.out_proj.weight": [8, 8],
      "transformer.resblocks.0.mlp.c_fc.weight": [32, 8],
    });
  });
  it("has them in its text transformer and in its projections", async () => {
    const params = { files, vocabulary: 9, width: 8, layers: 1, heads: 2 };
    const texts = { ids: ids([1, 3], [7, 1, 8]) };
    const { parameters } = await runTensorNode(textTransformer, texts, params);
    expect(parameters).toMatchObject({
      "token_embedding.weight": [9, 8],
      "transformer.resblocks.0.mlp.c_proj.weight": [8, 32],
    });
    const features = { features: floats([1, 8], new Array(8).fill(1)) };
    const projected = await runTensorNode(projector, features, { matrix: "text_projection", width: 4 });
    expect(projected.parameters).toEqual({ text_projection: [8, 4] });
  });
  it("has them in its ResNet, whose bottlenecks begin as the identity", async () => {
    const params = { width: 4, blocks: "1, 1, 2, 1", heads: 2, output: 6 };
    const { outputs, parameters } = await runTensorNode(clipResnet, { pixels: pictures(64) }, params);
    expect([outputs.embedding?.shape, outputs.map?.shape]).toEqual([
      [2, 6],
      [2, 128, 2, 2],
    ]);
    expect(parameters).toMatchObject({
      "conv3.weight": [4, 2, 3, 3],
      "layer3.1.bn3.running_var": [64],
      "layer4.0.downsample.0.weight": [128, 64, 1, 1],
      "attnpool.positional_embedding": [5, 128],
      "attnpool.c_proj.weight": [6, 128],
    });
    expect(parameters).not.toHaveProperty(["layer3.1.downsample.0.weight"]);
    await expect(runTensorNode(clipResnet, { pixels: pictures(48) }, params)).rejects.toThrow("multiples of 32");
  });
  it("divides by ALIGN's temperature as it is", async () => {
    const inputs = { images: floats([1, 2], [1, 0]), texts: floats([2, 2], [1, 0, 0.6, 0.8]) };
    const params = { scale: "temperature" };
    const { outputs } = await runTensorNode(contrastiveScorer, inputs, params, { weights: { temperature: [0.5] } });
    expect(outputs.logits?.data[0]).toBeCloseTo(2, 6);
    expect(outputs.logits?.data[1]).toBeCloseTo(1.2, 6);
  });
});
