/** The picture encoder of BLIP and BLIP-2. */
import * as z from "zod";
import { type Builder, layerNorm, scoped } from "../../blocks/builder";
import { gridOf, interpolateBehindToken, patchEmbedding } from "../../blocks/patches";
import { prependToken, tokenAt } from "../../blocks/tokens";
import { selfAttention } from "../../blocks/transformer";
import type { Value } from "../../onnx/graph";
import { hiddenStates, layered, once } from "./architecture";
import { clipLayer } from "./clip-layer";
import { activation, area, epsilon, heads, layers, size } from "./config";
import type { Tower } from "./towers";

/** The defaults of one of the two. */
interface Defaults {
  width: number;
  hidden: number;
  layers: number;
  heads: number;
  area: number;
  patch: number;
  epsilon: number;
}

export const blipVisionFields = (otherwise: Defaults) =>
  z.object({
    hidden_size: size(otherwise.width),
    intermediate_size: size(otherwise.hidden),
    num_hidden_layers: layers(otherwise.layers),
    num_attention_heads: heads(otherwise.heads),
    num_channels: size(3),
    image_size: area(otherwise.area),
    patch_size: area(otherwise.patch),
    hidden_act: activation("gelu"),
    layer_norm_eps: epsilon(otherwise.epsilon),
  });
export type BlipVisionConfig = z.output<ReturnType<typeof blipVisionFields>> & {
  /** BLIP's layer always has one, whatever its file says. */
  qkv_bias?: boolean;
};

/** Queries, keys and values in one matrix; what is pooled is normed twice. */
export function blipVisionTower(builder: Builder, config: BlipVisionConfig, pixels: () => Value): Tower {
  const { hidden_size: width, num_hidden_layers: count, patch_size: patch, layer_norm_eps: eps } = config;
  const embedded = () => {
    const embeddings = scoped(builder, "embeddings");
    const patches = patchEmbedding(embeddings, "patch_embedding", pixels(), { patch, width });
    const tokens = prependToken(embeddings, "class_embedding", patches);
    const from = gridOf(config.image_size, patch);
    const shape = [1, 1 + from[0] * from[1], width];
    const learned = embeddings.weight("position_embedding", shape, { kind: "normal", std: 0.02 });
    const placed = interpolateBehindToken(builder, learned, from, gridOf(pixels().shape.slice(2), patch));
    return builder.op.Add(tokens, placed);
  };
  const attention = (inner: Builder, x: Value) =>
    selfAttention(inner, x, {
      heads: config.num_attention_heads,
      names: ["qkv", "projection"],
      bias: config.qkv_bias ?? true,
    });
  const state = layered(embedded, count, (x, i) =>
    clipLayer(scoped(builder, `encoder.layers.${i}`), x, config, { attention }),
  );
  const norm = (x: Value) => layerNorm(builder, "post_layernorm", x, eps);
  const last = once(() => norm(state(count)));
  return { last, pooled: once(() => norm(tokenAt(builder, last(), 0))), states: hiddenStates(count, state) };
}
