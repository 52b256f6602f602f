/** What the templates of ALBEF and BLIP have in common: towers, contrast with a momentum teacher, and matching. */
import type { Config } from "../system";

export const fusionSizes = (config: Config) => ({
  patch: config.patch,
  vision_width: config.vision_width,
  vision_layers: config.vision_layers,
  vision_heads: config.vision_heads,
  text_width: config.text_width,
  text_layers: config.text_layers,
  text_heads: config.text_heads,
  vocabulary: config.vocab,
  positions: config.positions,
  text_length: config.text_len,
  embed: config.embed,
});

export const fusionInputs = {
  image: "pairs/normalize.pixels",
  input_ids: "pairs/tokenize.ids",
  attention_mask: "pairs/tokenize.mask",
  alpha: "alpha.value",
  u_neg_image: "u_image.draws",
  u_neg_text: "u_text.draws",
};

export const fusionValues = {
  image_feat: "student_towers/image_norm.embedding",
  text_feat: "student_towers/text_norm.embedding",
  image_feat_m: "teacher_towers/image_norm.embedding",
  text_feat_m: "teacher_towers/text_norm.embedding",
  sim_i2t: "i2t/student.logits",
  sim_t2i: "t2i/student.logits",
  targets_i2t: "i2t/loss.targets",
  targets_t2i: "t2i/loss.targets",
  weights_i2t: "other_text.chances",
  weights_t2i: "other_image.chances",
  neg_image: "other_image.index",
  neg_text: "other_text.index",
  itm_logits: "matching/head.features",
  temp_used: "i2t/student.temperature",
};

export const fusionLosses = {
  i2t: "i2t/loss.loss",
  t2i: "t2i/loss.loss",
  itc: "itc.loss",
  itm: "itm.loss",
};
