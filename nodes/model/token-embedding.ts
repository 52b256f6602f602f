import * as z from "zod";
import { embedding } from "#models/blocks/builder";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const tokenEmbedding = defineNode({
  type: "model.token-embedding",
  title: "Token embedding",
  description: "A row of a table for each token: what a language model reads instead of ids.",
  docs: `int64 [B, L] → float32 [B, L, D]. The table is \`weight\` [vocabulary, D], as in torch.nn.Embedding. Put other
embeddings in the places of some tokens and wire the result to the decoder's \`embeddings\`.`,
  version: 1,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["B", "L"] }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: { embeddings: port.tensor({ dtype: "float32", shape: ["B", "L", "$width"] }) },
  params: {
    scope: z
      .string()
      .max(64)
      .regex(/^[\w.-]*$/, "letters, digits, dots, - and _")
      .default("tokens")
      .meta({ description: "Prefix of its parameters in a checkpoint." }),
    vocabulary: z.int().min(2).max(1_000_000).default(8192).meta({ unit: "tokens" }),
    width: z.int().min(1).max(16_384).default(256).meta({ description: "D" }),
  },
  build: (builder) => ({
    embeddings: embedding(builder, "embed_tokens", builder.inputs.ids, builder.params.vocabulary, builder.params.width),
  }),
});
