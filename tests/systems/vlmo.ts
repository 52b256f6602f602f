/** VLMo's three stages, of one template: pictures alone, texts alone, pairs. */
import type { Config, System } from "./system";

const maskedWords = {
  input_ids: "tokenize.ids",
  attention_mask: "tokenize.mask",
  is_piece: "pieces.pieces",
  word_order: "word_order.draws",
  u_mask_token: "draws_masked.draws",
  u_random_word: "draws_replaced.draws",
  random_words: "random_words.draws",
};
const maskedMid = {
  chosen: "mask_words.taken",
  mlm_ids: "mask_words.ids",
  mlm_labels: "mask_words.labels",
};

const given = (config: Config, names: Readonly<Record<string, string>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(names).flatMap(([own, name]) => (name in config ? [[own, config[name] as number]] : [])),
  );

function sizesOf(config: Config): Record<string, number> {
  const { image, patch } = config as Record<"image" | "patch", number>;
  const grid = image / patch;
  return {
    grid,
    patches: grid * grid,
    ...given(config, {
      image: "image",
      patch: "patch",
      width: "width",
      layers: "layers",
      heads: "heads",
      vl_from: "vl_start",
      vocabulary: "vocab",
      text_length: "text_len",
      first_length: "first_text_len",
      mlm_share: "mlm_probability",
      hidden_patches: "masked_patches",
      visual_words: "visual_vocab",
    }),
  };
}

export const pictures: System = {
  system: "vlmo-stage1",
  template: "vlmo",
  trainer: "trainer_pictures",
  constants: sizesOf,
  inputs: { image: "normalize.pixels", masked: "hidden.masked", visual_words: "visual_words.words" },
  mid: { features: "pictures/picked.patches", mim_logits: "pictures/head.features" },
  losses: { mim: "mim.loss" },
};

export const texts: System = {
  system: "vlmo-stage2",
  template: "vlmo",
  trainer: "trainer_texts",
  constants: sizesOf,
  inputs: maskedWords,
  mid: { ...maskedMid, hidden: "texts/blocks.hidden", mlm_logits: "texts/head.logits" },
  losses: { mlm: "mlm_texts.loss" },
};

export const pairs: System = {
  system: "vlmo-stage3",
  template: "vlmo",
  constants: sizesOf,
  inputs: {
    ...maskedWords,
    image: "normalize.pixels",
    u_neg_image: "draws_image.draws",
    u_neg_text: "draws_text.draws",
  },
  mid: {
    ...maskedMid,
    mlm_features: "masked/blocks.tokens",
    mlm_logits: "word_head.logits",
    image_feat: "image_alone/unit.embedding",
    image_vl_feat: "image_alone/vl_unit.embedding",
    text_feat: "text_alone/unit.embedding",
    text_vl_feat: "text_alone/vl_unit.embedding",
    image_hidden_1: "image_alone/blocks.after_1",
    sim: "similarity.logits",
    sim_vl: "similarity_vl.logits",
    weights_i2t: "negative_text.chances",
    weights_t2i: "negative_image.chances",
    neg_image: "negative_image.index",
    neg_text: "negative_text.index",
    itm_logits: "match_head.features",
  },
  losses: {
    mlm_unweighted: "mlm.loss",
    mlm: "mlm_quarter.loss",
    itc_dual: "itc_dual.loss",
    itc_vl: "itc_vl.loss",
    itc: "itc.loss",
    itm: "itm.loss",
  },
};
