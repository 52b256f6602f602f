/** MAE, with raw pixels and with normalised ones. */
import type { HubConfig, Published } from "./model";

const sizes = (config: HubConfig) => ({
  image: config.image_size,
  patch: config.patch_size,
  patches: (config.image_size / config.patch_size) ** 2,
  width: config.hidden_size,
  layers: config.num_hidden_layers,
  heads: config.num_attention_heads,
  decoder_width: config.decoder_hidden_size,
  decoder_layers: config.decoder_num_hidden_layers,
  decoder_heads: config.decoder_num_attention_heads,
  mask_ratio: config.mask_ratio,
  target: config.norm_pix_loss ? "normalized" : "raw",
});

export const autoencoder: Published = {
  className: "ViTMAEForPreTraining",
  template: "mae-pretrain",
  constants: sizes,
  params: (config) => ({
    "model.mae-encoder": {
      mlpRatio: config.intermediate_size / config.hidden_size,
      qkvBias: config.qkv_bias,
      activation: config.hidden_act,
      epsilon: config.layer_norm_eps,
    },
    "model.mae-decoder": {
      mlpRatio: config.decoder_intermediate_size / config.decoder_hidden_size,
      qkvBias: config.qkv_bias,
      activation: config.hidden_act,
      epsilon: config.layer_norm_eps,
    },
  }),
  given: { pixel_values: "pictures/normalize.pixels", noise: "mae/noise.draws" },
  outputs: {
    logits: "mae/decoder.patches",
    mask: "mae/encoder.mask",
    ids_restore: "mae/encoder.restore",
    loss: "loss.loss",
  },
};
