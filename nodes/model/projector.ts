import * as z from "zod";
import { linear, normal } from "#models/blocks/builder";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const projector = defineNode({
  type: "model.projector",
  title: "Projector",
  description: "Maps features to another width: a linear map, or the MLP between vision tower and language model.",
  docs: `float32 [..., in] → [..., out], of pooled features [B, D], tokens [B, T, D], or of tiles. One layer
without bias is CLIP's projection (std in^−½); with bias it is LLaVA's *linear*. Two layers are LLaVA's mlp2x_gelu
(Linear, GELU (erf), Linear, all with bias), N layers its mlpNx_gelu.`,
  version: 1,
  inputs: {
    features: port.tensor({ dtype: "float32", doc: "Of any number of axes: the last one is mapped." }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: { embedding: port.tensor({ dtype: "float32" }) },
  params: {
    scope: z
      .string()
      .max(64)
      .regex(/^[\w.-]*$/, "letters, digits, dots, - and _")
      .default("projection")
      .meta({ description: "Prefix of its parameters in a checkpoint." }),
    width: z.int().min(1).max(16_384).default(512).meta({ label: "Output width", description: "E" }),
    layers: z.int().min(1).max(8).default(1).meta({ description: "2: mlp2x_gelu." }),
    bias: z.boolean().default(false),
  },
  build(builder) {
    const { op, inputs, params } = builder;
    const { width, layers, bias } = params;
    let x = inputs.features;
    for (let i = 0; i < layers; i++) {
      if (i > 0) x = op.Gelu(x);
      x = linear(builder, layers === 1 ? "proj" : `layers.${i}`, x, width, {
        bias: bias || layers > 1,
        init: normal((x.shape.at(-1) as number) ** -0.5),
      });
    }
    return { embedding: x };
  },
});
