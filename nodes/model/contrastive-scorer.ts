import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const contrastiveScorer = defineNode({
  type: "model.contrastive-scorer",
  title: "Contrastive scorer",
  description: "Similarity of every image with every text, times a learned temperature.",
  synonyms: ["logit_scale", "CLIP logits", "similarity matrix", "cosine similarity"],
  docs: `logits = exp(logit_scale) · I · Tᵀ for L2-normalized embeddings (Radford et al. 2021, figure 3).
logit_scale starts at ln(1/0.07) = 2.659260 and is kept in [0, ln 100] after each step (open_clip). ALIGN divides by a
\`temperature\` instead, as it is and without bounds, which starts at 1 (Jia et al. 2021). With T templates
per name, each name's T embeddings are averaged and normalized again before the product (§3.1.4): a prompt ensemble.

- \`images\` float32 [N, E], \`texts\` float32 [M, E] → \`logits\` float32 [N, M / T]`,
  version: 1,
  inputs: {
    images: port.tensor({ dtype: "float32", shape: ["N", "E"] }),
    texts: port.tensor({ dtype: "float32", shape: ["M", "E"] }),
    weights: port.weights({ optional: true, doc: "Without one, logit_scale is at its start." }),
  },
  outputs: { logits: port.tensor({ dtype: "float32", shape: ["N", "*"] }) },
  params: {
    scope: scopeParam("scorer"),
    scale: z
      .enum(["logit_scale", "temperature"])
      .default("logit_scale")
      .meta({ label: "Learned scale", description: "CLIP's, an exponential; or ALIGN's, which divides." }),
    templates: z
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .meta({ label: "Templates per name", description: "How many texts belong to one name, one after the other." }),
  },
  clamp: { logit_scale: [0, Math.log(100)] },
  build({ op, inputs: { images, texts }, params, weight }) {
    const { templates } = params;
    let names = texts;
    if (templates > 1) {
      const [m, e] = texts.shape as [number | string, number];
      const count = typeof m === "number" ? m / templates : "*";
      if (typeof count === "number" && !Number.isInteger(count))
        throw new Error(`${m} texts are no multiple of ${templates} templates`);
      const mean = op.ReduceMean(op.Reshape(texts, { to: [count, templates, e] }), { axes: [1], keepdims: 0 });
      names = op.Div(mean, op.ReduceL2(mean, { axes: [-1] }));
    }
    const cosines = op.MatMul(images, op.Transpose(names, { perm: [1, 0] }));
    if (params.scale === "temperature") return { logits: op.Div(cosines, weight("temperature", [], { kind: "ones" })) };
    const scale = op.Exp(weight("logit_scale", [], { kind: "constant", value: Math.log(1 / 0.07) }));
    return { logits: op.Mul(cosines, scale) };
  },
});
