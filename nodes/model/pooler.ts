import { linear } from "#models/blocks/builder";
import { tokenAt } from "#models/blocks/tokens";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const pooler = defineNode({
  type: "model.pooler",
  title: "Pooler",
  description: "A linear layer and tanh on the first token: what stands for a whole text, or a text with its picture.",
  synonyms: ["BertPooler", "pooler_output", "CLS"],
  docs: `BERT's pooler (Devlin et al. 2019), as ViLT and VLMo have it over words and patches: \`dense\` [D, D] with
bias.

\`tokens\` float32 [B, T, D] → \`pooled\` float32 [B, D]`,
  version: 1,
  inputs: {
    tokens: port.tensor({ dtype: "float32", shape: ["B", "T", "D"] }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: { pooled: port.tensor({ dtype: "float32", shape: ["B", "D"] }) },
  params: {
    scope: scopeParam("pooler"),
  },
  build(builder) {
    const { op, inputs } = builder;
    const within = { ...builder, linearLayout: "out-in" as const };
    const width = inputs.tokens.shape[2] as number;
    return { pooled: op.Tanh(linear(within, "dense", tokenAt(builder, inputs.tokens, 0), width)) };
  },
});
