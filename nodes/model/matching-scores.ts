import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const matchingScores = defineNode({
  type: "model.matching-scores",
  title: "Matching scores",
  description: "Scores of no match and match from a cosine: two encoders that say whether a text belongs to a picture.",
  synonyms: ["ITM", "image-text matching"],
  docs: `A match scores s·cos + b, no match 0, so that softmax gives σ(s·cos + b), and *Cross-entropy loss* is the
sigmoid loss of SigLIP (Zhai et al. 2023) on these pairs alone. s and b are learned, as exp(\`logit_scale\`) and
\`logit_bias\`. With it two encoders are asked what a single stream's matching head is: *Similarity of pairs* of their
embeddings, this, and the labels of *Draw halves* or *Matching pairs*. b begins at 0, as of pairs that are drawn in
halves; SigLIP's −10 is for a batch's every pair, of which one in N matches.

\`similarity\` float32 [N] → \`logits\` float32 [N, 2]: no match, match`,
  version: 1,
  inputs: {
    similarity: port.tensor({ dtype: "float32", shape: ["N"], doc: "Of each pair, as Similarity of pairs gives it." }),
    weights: port.weights({ optional: true, doc: "Without one, scale and bias are at their starts." }),
  },
  outputs: { logits: port.tensor({ dtype: "float32", shape: ["N", 2] }) },
  params: {
    scope: scopeParam("matching"),
    scale: z.number().min(0.01).max(1000).default(10).meta({ label: "Scale starts at" }),
    bias: z.number().min(-1000).max(1000).default(0).meta({ label: "Bias starts at" }),
  },
  build({ op, constant, inputs: { similarity }, params, weight }) {
    const scale = op.Exp(weight("logit_scale", [], { kind: "constant", value: Math.log(params.scale) }));
    const bias = weight("logit_bias", [], { kind: "constant", value: params.bias });
    const to = [...similarity.shape, 1];
    const match = op.Reshape(op.Add(op.Mul(similarity, scale), bias), { to });
    const noMatch = op.Expand(constant([0]), { to });
    return { logits: op.Concat(noMatch, match, { axis: 1 }) };
  },
});
