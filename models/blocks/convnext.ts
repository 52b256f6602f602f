/** ConvNeXt (Liu et al. 2022), parameters named as in Hugging Face's ConvNextModel. */
import type { Value } from "../onnx/graph";
import { type ActivationName, activate } from "./activation";
import { type Builder, layerNorm, linear, normal, scoped } from "./builder";
import { channelsFirst, channelsLast, convolution, layerNorm2d } from "./convolution";

/** Of all norms but the last one. */
const epsilon = 1e-6;
const init = normal(0.02);
const biasInit = { kind: "zeros" } as const;

export interface ConvNextSpec {
  activation: ActivationName;
  /** The scale of each block as it starts; without one where it is 0 or less. */
  layerScale: number;
}

/** Patches as a map. pixels: float32 [B, C, H, W] → [B, channels, H/patch, W/patch]. */
export function convNextStem(root: Builder, pixels: Value, channels: number, patch: number): Value {
  const builder = scoped(root, "embeddings");
  const cut = convolution(builder, "patch_embeddings", pixels, channels, {
    kernel: patch,
    stride: patch,
    init,
    biasInit,
  });
  return layerNorm2d(builder, "layernorm", cut, epsilon);
}

/** A stage: halves the map's sides with `halves`, then its blocks. x: float32 [B, C, H, W] → [B, channels, …]. */
export function convNextStage(
  builder: Builder,
  x: Value,
  { channels, blocks, halves, ...spec }: ConvNextSpec & { channels: number; blocks: number; halves: boolean },
): Value {
  let map = halves || x.shape[1] !== channels ? downsample(builder, x, channels, halves ? 2 : 1) : x;
  for (let i = 0; i < blocks; i++) map = block(scoped(builder, `layers.${i}`), map, spec);
  return map;
}

function downsample(root: Builder, x: Value, channels: number, stride: number): Value {
  const builder = scoped(root, "downsampling_layer");
  const normed = layerNorm2d(builder, "0", x, epsilon);
  return convolution(builder, "1", normed, channels, { kernel: 2, stride, init, biasInit });
}

/** x += γ·MLP(LN(depthwise 7×7 of x)): the published block, with its MLP over the last axis. */
function block(builder: Builder, x: Value, { activation, layerScale }: ConvNextSpec): Value {
  const { op } = builder;
  const width = x.shape[1] as number;
  const seen = channelsLast(
    builder,
    convolution(builder, "dwconv", x, width, { kernel: 7, pad: 3, group: width, init, biasInit }),
  );
  const wide = linear(builder, "pwconv1", layerNorm(builder, "layernorm", seen, epsilon), 4 * width, { init });
  const narrow = linear(builder, "pwconv2", activate(builder, activation, wide), width, { init });
  const scaled =
    layerScale > 0
      ? op.Mul(narrow, builder.weight("layer_scale_parameter", [width], { kind: "constant", value: layerScale }))
      : narrow;
  return op.Add(x, channelsFirst(builder, scaled));
}

/** The mean over a map, after layer norm. x: float32 [B, C, H, W] → [B, C]. */
export function convNextPool(builder: Builder, x: Value, eps = epsilon): Value {
  return layerNorm(builder, "layernorm", builder.op.ReduceMean(x, { axes: [2, 3], keepdims: 0 }), eps);
}
