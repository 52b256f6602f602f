import { describe, expect, it } from "vitest";
import { layersAbove } from "./layer-depth";

describe("how far below the top a parameter lies", () => {
  it("is counted as MAE's fine-tuning counts it", () => {
    const names = ["cls_token", "pos_embed", "patch_embed.proj.weight", "fc_norm.weight", "head.weight"];
    const blocks = [0, 1, 2, 3].map((i) => `blocks.${i}.attn.qkv.weight`);
    const above = layersAbove([...names, ...blocks]);
    expect(names.map(above)).toEqual([5, 5, 5, 0, 0]);
    expect(blocks.map(above)).toEqual([4, 3, 2, 1]);
  });
  it("is counted in each tower for itself", () => {
    const above = layersAbove([
      "visual.transformer.resblocks.0.ln_1.weight",
      "visual.transformer.resblocks.11.ln_1.weight",
      "text.encoder.layer.0.output.dense.weight",
      "text.encoder.layer.1.output.dense.weight",
    ]);
    expect(above("visual.conv1.weight")).toBe(13);
    expect(above("visual.transformer.resblocks.11.mlp.c_fc.bias")).toBe(1);
    expect(above("text.embeddings.word_embeddings.weight")).toBe(3);
    expect(above("logit_scale")).toBe(0);
    expect(above("projector.2.weight")).toBe(0);
  });
  it("is 0 where there are no layers", () => {
    expect(layersAbove(["patch_embed.weight", "head.weight"])("patch_embed.weight")).toBe(0);
  });
});
