import { fusionInputs, fusionLosses, fusionSizes, fusionValues } from "./harness/fusion";
import type { System } from "./system";

export const albef: System = {
  system: "albef",
  template: "albef-pretrain",
  constants: (config) => ({
    ...fusionSizes(config),
    fusion_layer: config.fusion_layer,
    queue: config.queue,
    queue_waits: 0,
    momentum: config.momentum,
    mlm_probability: config.mlm_probability,
  }),
  inputs: {
    ...fusionInputs,
    u_chosen: "u_chosen.draws",
    u_mask_token: "u_masked.draws",
    u_random_word: "u_replaced.draws",
    random_words: "random_words.draws",
  },
  mid: {
    ...fusionValues,
    mlm_ids: "mask_words.ids",
    mlm_labels: "mask_words.labels",
    mlm_logits_m: "teacher_words/head.logits",
    mlm_logits: "student_words/head.logits",
  },
  losses: {
    ...fusionLosses,
    mlm_ce: "mlm.truth",
    mlm_distill: "mlm.distilled",
    mlm: "mlm.loss",
  },
};
