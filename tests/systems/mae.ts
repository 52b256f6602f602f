import type { System } from "./system";

export const mae: System = {
  system: "mae",
  template: "mae-pretrain",
  constants: (config) => ({
    image: config.image,
    patch: config.patch,
    patches: ((config.image ?? 0) / (config.patch ?? 1)) ** 2,
    width: config.width,
    layers: config.layers,
    heads: config.heads,
    decoder_width: config.decoder_width,
    decoder_layers: config.decoder_layers,
    decoder_heads: config.decoder_heads,
    mask_ratio: config.mask_ratio,
    target: config.norm_pix ? "normalized" : "raw",
  }),
  inputs: { image: "pictures/normalize.pixels", noise: "mae/noise.draws" },
  mid: {
    ids_restore: "mae/encoder.restore",
    mask: "mae/encoder.mask",
    latent: "mae/encoder.tokens",
    pred: "mae/decoder.patches",
    target: "loss.target",
  },
};
