import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam, tensorNameParam } from "../core/scope";

export const scaledSimilarity = defineNode({
  type: "model.scaled-similarity",
  title: "Similarity times scale",
  description: "Products of embeddings times a learned scale that nothing bounds: the similarities of VLMo.",
  synonyms: ["logit_scale", "dot product", "cosine similarity"],
  docs: `exp(s)·x·yᵀ, where s starts at ln(1/0.07) and is never clamped (unilm/vlmo). Two nodes with one weights handle
and one name have one scale: the other direction, or other embeddings with another name, \`logit_vl_scale\`.

\`x\` float32 [N, E], \`y\` float32 [M, E] → \`logits\` float32 [N, M]`,
  version: 1,
  inputs: {
    x: port.tensor({ dtype: "float32", shape: ["N", "E"] }),
    y: port.tensor({ dtype: "float32", shape: ["M", "E"] }),
    weights: port.weights({ optional: true, doc: "Without one, the scale is at its start." }),
  },
  outputs: { logits: port.tensor({ dtype: "float32", shape: ["N", "M"] }) },
  params: {
    scope: scopeParam("."),
    name: tensorNameParam("logit_scale", "What the scale is called in a checkpoint."),
  },
  build({ op, inputs: { x, y }, params, weight }) {
    const scale = op.Exp(weight(params.name, [], { kind: "constant", value: Math.log(1 / 0.07) }));
    return { logits: op.Mul(op.MatMul(x, op.Transpose(y, { perm: [1, 0] })), scale) };
  },
});
