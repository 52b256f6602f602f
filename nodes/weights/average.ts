import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const average = defineNode({
  type: "weights.average",
  title: "Moving average",
  description: "A momentum teacher: a copy of the weights that follows them slowly while they train.",
  synonyms: ["EMA", "exponential", "momentum encoder", "mean teacher"],
  docs: `θ' ← m·θ' + (1 − m)·θ in each step (He et al. 2020, MoCo, eq. 2; ALBEF §3.2 with m = 0.995). The copy
starts equal, unless the checkpoint has it, and takes no gradient. Wire the same handle to the student directly and to
the teacher through this node. Outside of training it is the weights themselves, or what the checkpoint has of it.

It follows *after the update* of a step, or *before the step*, as in ALBEF and BLIP: then θ is the student before the
step's update, and the step's own teacher has moved already.

With a *suffix* its tensors have names of their own, as in the checkpoints of these: \`visual_encoder.norm.weight\`
becomes \`visual_encoder_m.norm.weight\` with the suffix _m, and they lie beside the student's.`,
  version: 1,
  inputs: { weights: port.weights() },
  outputs: { weights: port.weights({ shares: "weights" }) },
  params: {
    momentum: z
      .number()
      .min(0)
      .max(1)
      .default(0.995)
      .meta({ widget: "number", description: "m: the share of the teacher that stays in each step." }),
    follows: z.enum(["after the update", "before the step"]).default("after the update").meta({ advanced: true }),
    suffix: z.string().max(32).regex(/^\w*$/, "letters, digits and _").default("").meta({
      placeholder: "_m",
      advanced: true,
      description: "Behind the first part of its tensors' names in a checkpoint; empty: called as the student's.",
    }),
  },
  run: async ({ inputs: { weights }, params }) => ({ weights: { ...weights, average: params } }),
});
