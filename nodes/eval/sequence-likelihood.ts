import { ignoredLabel, sequenceLikelihood as likelihoodOf } from "#models/blocks/loss";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const sequenceLikelihood = defineNode({
  type: "eval.sequence-likelihood",
  title: "Sequence likelihood",
  description: "How likely a language model finds the labelled tokens of each row, such as an answer.",
  synonyms: ["log-likelihood", "log-probability", "logprobs", "NLL"],
  docs: `The sum of log p over the places of a row whose next token is labelled; labels move one to the left, as in
*Causal LM loss*, and ${ignoredLabel} asks for nothing. \`logits\` float32 [B, L, V], \`labels\` int64 [B, L] →
\`likelihood\` float32 [B] in nats, 0 or less, and \`tokens\` float32 [B], how many were asked for. Scores of a whole
vocabulary stay inside of the model. *Choice by likelihood* compares the options of a question by it.`,
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["B", "L", "V"] }),
    labels: port.tensor({ dtype: "int64", shape: ["B", "L"], doc: `${ignoredLabel} where none is asked for.` }),
  },
  outputs: {
    likelihood: port.tensor({ dtype: "float32", shape: ["B"], doc: "Σ log p, in nats." }),
    tokens: port.tensor({ dtype: "float32", shape: ["B"] }),
  },
  params: {},
  build: (builder) => likelihoodOf(builder, builder.inputs.logits, builder.inputs.labels),
});
