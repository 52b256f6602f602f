import type { Config, System } from "./system";

const textSizes = (config: Config) => ({
  text_width: config.text_width,
  text_layers: config.text_layers,
  text_heads: config.text_heads,
  context: config.context,
  vocabulary: config.vocab,
  embed: config.embed,
});

const shared = {
  inputs: { image: "clip/image/normalize.pixels", texts: "clip/text/tokenize.ids" },
  losses: { i2t: "loss.imageToText", t2i: "loss.textToImage" },
} as const;

const scores = { text_embed: "clip/text/projection.embedding", logits_per_image: "clip/scorer.logits" };

export const clipVit: System = {
  ...shared,
  system: "clip-vit",
  template: "clip-vit-train",
  constants: (config) => ({
    ...textSizes(config),
    image: config.image,
    patch: config.patch,
    width: config.width,
    layers: config.layers,
    heads: config.heads,
  }),
  mid: { ...scores, image_embed: "clip/image/projection.embedding" },
};

export const clipResnet: System = {
  ...shared,
  system: "clip-resnet",
  template: "clip-resnet-train",
  constants: (config) => ({
    ...textSizes(config),
    image: config.image,
    width: config.width,
    blocks: (config.blocks as unknown as number[]).join(", "),
    pool_heads: config.pool_heads,
  }),
  mid: { ...scores, image_embed: "clip/image/encoder.embedding", feature_map: "clip/image/encoder.map" },
  outside: { "eval.image_embed": "clip/image/encoder.embedding" },
};
