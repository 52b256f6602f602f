import * as z from "zod";
import { linear as buildLinear } from "#models/blocks/builder";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const linear = defineNode({
  type: "model.linear",
  title: "Linear",
  description: "A linear layer with PyTorch's names: projections, classifiers, a head that tells match from no match.",
  synonyms: ["dense", "fully connected", "nn.Linear", "linear probe"],
  docs: `x·Wᵀ + b over the last axis; \`weight\` [out, in] and \`bias\` [out] under the scope, as torch.nn.Linear
keeps them. float32 [..., in] → [..., out].`,
  version: 1,
  inputs: {
    features: port.tensor({ dtype: "float32", doc: "Of any number of axes: the last one is mapped." }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: { features: port.tensor({ dtype: "float32" }) },
  params: {
    scope: z
      .string()
      .max(64)
      .regex(/^[\w.-]*$/, "letters, digits, dots, - and _")
      .default("linear")
      .meta({ description: "What it is called in a checkpoint." }),
    width: z.int().min(1).max(65_536).default(256).meta({ label: "Output width" }),
    bias: z.boolean().default(true),
  },
  build(builder) {
    const { inputs, params } = builder;
    const within = { ...builder, linearLayout: "out-in" as const };
    return { features: buildLinear(within, "", inputs.features, params.width, { bias: params.bias }) };
  },
});
