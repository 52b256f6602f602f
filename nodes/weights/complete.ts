import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const complete = defineNode({
  type: "weights.complete",
  title: "Fresh where missing",
  description: "Weights of a checkpoint, and freshly drawn ones where it holds none: what a next stage adds.",
  synonyms: ["strict=False", "load_state_dict", "missing keys"],
  docs: `A parameter that the checkpoint does not hold is drawn as *Fresh weights* draws it, and is no error. A network
that grows from stage to stage begins each so: VLMo's third has experts and heads that its second knows nothing of.`,
  version: 1,
  inputs: { weights: port.weights() },
  outputs: { weights: port.weights({ shares: "weights" }) },
  params: { seed: z.int().min(0).default(0).meta({ widget: "seed" }) },
  run: async ({ inputs, params }) => ({ weights: { ...inputs.weights, seed: params.seed } }),
});
