import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const make = defineNode({
  type: "weights.make",
  title: "Fresh weights",
  description: "Freshly drawn parameters. Nodes that read one handle share them.",
  synonyms: ["initialize", "random init", "from scratch"],
  docs: `A parameter is drawn when a node first asks for it, with the initialisation that node declares; the draw
depends on the seed and the parameter's name alone. Wire the handle to a training branch and to the branch that
measures it, and both use the same tensors.`,
  version: 1,
  inputs: {},
  outputs: { weights: port.weights() },
  params: { seed: z.int().min(0).default(0).meta({ widget: "seed" }) },
  run: async ({ params }) => ({ weights: { seed: params.seed } }),
});
