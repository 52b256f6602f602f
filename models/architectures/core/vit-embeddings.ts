/** How ViT and its kin make tokens of pictures: patches, a class token, learned positions. */
import { type Builder, scoped } from "../../blocks/builder";
import { type Grid, gridOf, interpolateBehindToken, patchEmbedding } from "../../blocks/patches";
import { prependToken } from "../../blocks/tokens";
import type { Dim, Value } from "../../onnx/graph";

export interface VitTableConfig {
  hidden_size: number;
  image_size: readonly [number, number];
  patch_size: readonly [number, number];
}

/** Patches alone. pixels: float32 [B, C, H, W] → [B, N, D]. */
export function vitPatches(builder: Builder, config: VitTableConfig, pixels: Value): Value {
  const { patch_size: patch, hidden_size: width } = config;
  return patchEmbedding(builder, "patch_embeddings.projection", pixels, { patch, width });
}

/** The learned positions of the class token and of a grid, float32 [1, 1 + N, D]; bicubic on another grid. */
export function vitPositions(builder: Builder, config: VitTableConfig, grid: Grid): Value {
  const { image_size: area, patch_size: patch, hidden_size: width } = config;
  const from = gridOf(area, patch);
  const shape = [1, 1 + from[0] * from[1], width];
  return interpolateBehindToken(
    builder,
    builder.weight("position_embeddings", shape, { kind: "normal", std: 0.02 }),
    from,
    grid,
  );
}

export interface VitEmbeddingOptions {
  /** Patches to be replaced by the mask token: bool or int64 [B, N]. */
  masked?: Value;
  maskShape?: readonly number[];
}

/** Tokens with their positions, the class token first. pixels: float32 [B, C, H, W] → [B, 1 + N, D]. */
export function vitEmbeddings(
  root: Builder,
  config: VitTableConfig,
  pixels: Value,
  { masked, maskShape = [1, 1, config.hidden_size] }: VitEmbeddingOptions = {},
): Value {
  const builder = scoped(root, "embeddings");
  const patches = vitPatches(builder, config, pixels);
  const shown = masked ? hidden(builder, patches, masked, maskShape) : patches;
  const tokens = prependToken(builder, "cls_token", shown);
  const grid = gridOf(pixels.shape.slice(2), config.patch_size);
  return builder.op.Add(tokens, vitPositions(builder, config, grid));
}

function hidden(builder: Builder, patches: Value, masked: Value, shape: readonly number[]): Value {
  const { op } = builder;
  const [batch, length, width] = patches.shape as [Dim, Dim, number];
  const token = op.Reshape(builder.weight("mask_token", shape, { kind: "zeros" }), { to: [1, 1, width] });
  const isMasked = masked.dtype === "bool" ? masked : op.Cast(masked, { dtype: "bool" });
  return op.Where(op.Reshape(isMasked, { to: [batch, length, 1] }), token, patches);
}
