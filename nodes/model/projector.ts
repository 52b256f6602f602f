import * as z from "zod";
import type { NameRules } from "#models/architectures/core/names";
import { type Builder, linear, normal } from "#models/blocks/builder";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const projector = defineNode({
  type: "model.projector",
  title: "Projector",
  description: "Maps features to another width: a linear map, or the MLP between vision tower and language model.",
  synonyms: ["mm_projector", "connector", "projection layer", "adapter"],
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
    scope: scopeParam("projection"),
    width: z.int().min(1).max(16_384).default(512).meta({ label: "Output width", description: "E" }),
    layers: z.int().min(1).max(8).default(1).meta({ description: "2: mlp2x_gelu." }),
    bias: z.boolean().default(false),
    matrix: z
      .string()
      .max(64)
      .regex(/^[\w.-]*$/, "letters, digits, dots, - and _")
      .default("")
      .meta({
        label: "Name of its matrix",
        description:
          "Of one layer; proj.weight where it is empty. CLIP's are proj, behind visual, and text_projection.",
        advanced: true,
      }),
    files: z.enum(["Patchbay", "LLaVA"]).default("Patchbay").meta({
      label: "Names in files",
      description: "LLaVA: linear_1, linear_2 and their matrices as [out, in], behind the scope multi_modal_projector.",
      advanced: true,
    }),
  },
  names: ({ files }) => (files === "LLaVA" ? llavaNames : undefined),
  build(builder) {
    const { op, inputs, params } = builder;
    const { width, layers, bias, files, matrix } = params;
    const isNamed = matrix !== "" && layers === 1 && files === "Patchbay";
    const isLlava = files === "LLaVA";
    const nameOf = (layer: number) => (layers === 1 ? "proj" : `layers.${layer}`);
    const own = isNamed ? called(builder, matrix) : builder;
    const within = isLlava ? { ...builder, linearLayout: "out-in" as const } : own;
    let x = inputs.features;
    for (let i = 0; i < layers; i++) {
      if (i > 0) x = op.Gelu(x);
      x = linear(within, isLlava ? `linear_${i + 1}` : nameOf(i), x, width, {
        bias: bias || layers > 1,
        init: normal((x.shape.at(-1) as number) ** -0.5),
      });
    }
    return { embedding: x };
  },
});

/** A builder whose matrix of one layer is called so. */
function called(builder: Builder, matrix: string): Builder {
  return {
    ...builder,
    weight: (name, shape, init) => builder.weight(name === "proj.weight" ? matrix : name, shape, init),
  };
}

/** The files of LLaVA's own code, and those of transformers, which begin with `model.` in some versions. */
const llavaNames: NameRules = {
  renames: [
    [/\bmm_projector\.0\./, "multi_modal_projector.linear_1."],
    [/\bmm_projector\.2\./, "multi_modal_projector.linear_2."],
  ],
  prefixes: ["model"],
};
