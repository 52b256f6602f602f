import * as z from "zod";
import { ignoredLabel, nextTokenLoss, nextTokenLossByRow } from "#models/blocks/loss";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const causalLm = defineNode({
  type: "loss.causal-lm",
  title: "Causal LM loss",
  description: "How unlikely a language model finds each next token: what it is trained with.",
  synonyms: ["language modeling loss", "cross-entropy", "NLL"],
  docs: `The cross-entropy of each place's scores against the label of the next place (the labels move one to the left,
as transformers does). A label of ${ignoredLabel} asks for nothing: prompts, padding. By *token* every token that counts
weighs the same; by *row* every row does, however long (the mean over rows of their means). With label smoothing ε a
token's term is (1 − ε)·nll + ε·mean over the vocabulary of −log p.

\`logits\` float32 [B, L, V], \`labels\` int64 [B, L] → \`loss\` float32 []; perplexity is its exponential.`,
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["B", "L", "V"] }),
    labels: port.tensor({
      dtype: "int64",
      shape: ["B", "L"],
      doc: `The tokens themselves, and ${ignoredLabel} where none is asked for.`,
    }),
    mask: port.tensor({
      dtype: "int64",
      shape: ["B", "L"],
      optional: true,
      doc: "Labels count only where it is 1, as the mask of padding, or of an assistant's tokens.",
    }),
  },
  outputs: { loss: port.tensor({ dtype: "float32", shape: [] }) },
  params: {
    average: z.enum(["token", "row"]).default("token").meta({ label: "Average by" }),
    smoothing: z.number().min(0).max(0.9).default(0).meta({ label: "Label smoothing" }),
  },
  build(builder) {
    const { op, graph, inputs, params } = builder;
    const { logits, mask } = inputs;
    const counted = mask && op.Greater(mask, graph.constant([0], "int64"));
    const labels = counted ? op.Where(counted, inputs.labels, graph.constant([ignoredLabel], "int64")) : inputs.labels;
    const loss = params.average === "token" ? nextTokenLoss : nextTokenLossByRow;
    return { loss: loss(builder, logits, labels, params.smoothing) };
  },
});
