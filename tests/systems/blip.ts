import type { Config, System } from "./system";

/** The sizes of both text models and of the picture encoder. */
const sizes = (config: Config) => ({
  patch: config.patch,
  vision_width: config.vision_width,
  vision_layers: config.vision_layers,
  vision_heads: config.vision_heads,
  text_width: config.text_width,
  text_layers: config.text_layers,
  text_heads: config.text_heads,
  vocabulary: config.vocab,
  dec_token: (config.vocab ?? 0) - 2,
  enc_token: (config.vocab ?? 0) - 1,
  positions: config.positions,
  text_length: config.text_len,
  embed: config.embed,
});

/** One kind of text, and what the filter says of it. */
const judged = (kind: string, node: string) => ({
  [`${kind}.itc`]: `${node}/cosine.similarity`,
  [`${kind}.enc.itm_logits`]: `${node}/matching/head.features`,
  [`${kind}.enc.p_match`]: `${node}/matched.probability`,
  [`${kind}.enc.keep`]: `${node}/matched.keep`,
  // The template's filter begins with [ENC], as it was trained, and never with [CLS] as the released script does.
  [`${kind}.cls.itm_logits`]: undefined,
  [`${kind}.cls.p_match`]: undefined,
  [`${kind}.cls.keep`]: undefined,
});

export const filter: System = {
  system: "blip-filter",
  template: "blip-capfilt",
  constants: sizes,
  inputs: {
    image: "web_in/normalize.pixels",
    web_ids: "web_in/tokenize.ids",
    web_mask: "web_in/tokenize.mask",
    synthetic_ids: "synthetic_in/tokenize.ids",
    synthetic_mask: "synthetic_in/tokenize.mask",
  },
  mid: { ...judged("web", "web_filter"), ...judged("synthetic", "synthetic_filter"), kept_pairs: "kept.pairs" },
};

export const blip: System = {
  system: "blip",
  template: "blip-pretrain",
  constants: (config) => ({ ...sizes(config), queue: config.queue, momentum: config.momentum }),
  inputs: {
    image: "pairs/normalize.pixels",
    input_ids: "pairs/tokenize.ids",
    attention_mask: "pairs/tokenize.mask",
    alpha: "alpha.value",
    u_neg_image: "u_image.draws",
    u_neg_text: "u_text.draws",
  },
  mid: {
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
    lm_logits: "captioner/head.logits",
    lm_labels: "dec.labels",
    temp_used: "i2t/student.temperature",
  },
  losses: {
    i2t: "i2t/loss.loss",
    t2i: "t2i/loss.loss",
    itc: "itc.loss",
    itm: "itm.loss",
    lm: "lm.loss",
  },
};
