import { fusionInputs, fusionLosses, fusionSizes, fusionValues } from "./harness/fusion";
import type { Config, System } from "./system";

/** The sizes of a captioner besides, whose texts begin with tokens at the end of the vocabulary. */
const sizes = (config: Config) => ({
  ...fusionSizes(config),
  dec_token: (config.vocab ?? 0) - 2,
  enc_token: (config.vocab ?? 0) - 1,
});

/** What the filter says of one kind of text, read with one of the two first tokens; the other's is left out. */
const judged = (kind: string, node: string, first: FirstToken) => ({
  [`${kind}.itc`]: `${node}/cosine.similarity`,
  ...verdict(`${kind}.enc`, first === "enc" ? node : undefined),
  ...verdict(`${kind}.cls`, first === "cls" ? node : undefined),
});

type FirstToken = "enc" | "cls";

const verdict = (name: string, node: string | undefined) => ({
  [`${name}.itm_logits`]: node && `${node}/matching/head.features`,
  [`${name}.p_match`]: node && `${node}/matched.probability`,
  [`${name}.keep`]: node && `${node}/matched.keep`,
});

const judgedBoth = (first: FirstToken) => ({
  ...judged("web", "web_filter", first),
  ...judged("synthetic", "synthetic_filter", first),
});

/** The filter as the template has it: texts begin with [ENC], as in training. */
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
  mid: { ...judgedBoth("enc"), kept_pairs: "kept.pairs" },
};

/** The filter as the released script runs it: [CLS], 2 in all fixtures, stays where [ENC] should stand. */
export const filterFromCls: System = {
  ...filter,
  constants: (config) => ({ ...sizes(config), enc_token: 2 }),
  mid: { ...judgedBoth("cls"), kept_pairs: undefined },
};

export const blip: System = {
  system: "blip",
  template: "blip-pretrain",
  constants: (config) => ({ ...sizes(config), queue: config.queue, queue_waits: 0, momentum: config.momentum }),
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
