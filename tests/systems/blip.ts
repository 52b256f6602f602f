import { fusionInputs, fusionLosses, fusionSizes, fusionValues } from "./harness/fusion";
import type { Config, System } from "./system";

/** The sizes of a captioner besides, whose texts begin with tokens at the end of the vocabulary. */
const sizes = (config: Config) => ({
  ...fusionSizes(config),
  dec_token: (config.vocab ?? 0) - 2,
  enc_token: (config.vocab ?? 0) - 1,
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
    ...fusionInputs,
  },
  mid: {
    ...fusionValues,
    lm_logits: "captioner/head.logits",
    lm_labels: "dec.labels",
  },
  losses: {
    ...fusionLosses,
    lm: "lm.loss",
  },
};
