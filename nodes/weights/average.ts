import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const average = defineNode({
  type: "weights.average",
  title: "Moving average",
  description: "A momentum teacher: a copy of the weights that follows them slowly while they train.",
  docs: `θ' ← m·θ' + (1 − m)·θ after each step (He et al. 2020, MoCo, eq. 2; ALBEF §3.2 with m = 0.995). The copy
starts equal and takes no gradient. Wire the same handle to the student directly and to the teacher through this
node. Outside of training it is the weights themselves.`,
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
  },
  run: async ({ inputs: { weights }, params }) => ({ weights: { ...weights, average: params.momentum } }),
});
