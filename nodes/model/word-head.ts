import * as z from "zod";
import { bertTransform, wordScores } from "#models/architectures/core/bert-layer";
import { normal } from "#models/blocks/builder";
import { lastPosition } from "#models/blocks/causal-attention";
import { activationParam } from "../core/network-variants";
import { defineNode } from "../core/node";
import { bertEpsilon, epsilonParam } from "../core/norm-epsilon";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const wordHead = defineNode({
  type: "model.word-head",
  title: "Word head",
  description: "Scores of all words for each token: what masked words and captions are learned with.",
  synonyms: ["lm_head", "MLM", "vocabulary logits"],
  docs: `A linear layer, GELU and a layer norm, then products with a table of words and a bias (BERT's
\`cls.predictions\`; ε 1e-12). Its table \`decoder.weight\` [V, D] is the word embeddings in BERT, ALBEF and BLIP: give
it and the text layers one weights handle, through *Tie weights*.

\`hidden\` float32 [B, T, D] → \`logits\` float32 [B, T, V]`,
  version: 1,
  inputs: {
    hidden: port.tensor({ dtype: "float32", shape: ["B", "T", "D"] }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: { logits: port.tensor({ dtype: "float32", shape: ["B", "T", "$vocabulary"] }) },
  params: {
    scope: scopeParam("cls.predictions"),
    vocabulary: z.int().min(2).max(1_000_000).default(30_522).meta({ unit: "tokens" }),
    activation: activationParam("gelu"),
    epsilon: epsilonParam(bertEpsilon),
  },
  build(node) {
    const { inputs, params } = node;
    const builder = { ...node, linearLayout: "out-in" as const };
    const width = inputs.hidden.shape[2] as number;
    const asked = lastPosition(builder, inputs.hidden);
    const config = { hidden_size: width, hidden_act: params.activation, layer_norm_eps: params.epsilon };
    const transformed = bertTransform(builder, asked, { ...config, num_attention_heads: 1, intermediate_size: width });
    const table = builder.weight("decoder.weight", [params.vocabulary, width], normal(0.02));
    const bias = builder.weight("bias", [params.vocabulary], { kind: "zeros" });
    return { logits: wordScores(builder, transformed, table, bias) };
  },
});
