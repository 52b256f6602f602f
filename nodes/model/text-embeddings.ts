import * as z from "zod";
import { bertEmbeddings } from "#models/architectures/core/bert-layer";
import { defineNode } from "../core/node";
import { bertEpsilon, epsilonParam } from "../core/norm-epsilon";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const textEmbeddings = defineNode({
  type: "model.text-embeddings",
  title: "Text embeddings",
  description: "What BERT's layers read: words, their positions and their type, added up and normed.",
  synonyms: ["BertEmbeddings"],
  docs: `LN(word + position + type), ε 1e-12 (Devlin et al. 2019, §3). Of the types the first row is added. ViLT reads
its texts so; VLMo's have no positions of their own, since their distances are in its attention's bias, and a table of
positions that a file holds is left alone.

Parameters: \`word_embeddings.weight\` [V, D], \`position_embeddings.weight\`, \`token_type_embeddings.weight\`,
\`LayerNorm\`.

\`ids\` int64 [B, T] → \`tokens\` float32 [B, T, D]`,
  version: 1,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["B", "T"] }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: { tokens: port.tensor({ dtype: "float32", shape: ["B", "T", "$width"] }) },
  params: {
    scope: scopeParam("text_embeddings"),
    vocabulary: z.int().min(2).max(1_000_000).default(30_522).meta({ unit: "tokens" }),
    width: z.int().min(8).max(4096).default(768).meta({ description: "D" }),
    positions: z.int().min(0).max(65_536).default(40).meta({ unit: "tokens", description: "0: none." }),
    types: z.int().min(0).max(64).default(2).meta({ label: "Token types", description: "0: none.", advanced: true }),
    epsilon: epsilonParam(bertEpsilon),
  },
  build(builder) {
    const { inputs, params } = builder;
    const { vocabulary, width, positions, types, epsilon } = params;
    const tokens = bertEmbeddings(
      builder,
      {
        vocab_size: vocabulary,
        hidden_size: width,
        max_position_embeddings: positions,
        layer_norm_eps: epsilon,
        ...(types ? { type_vocab_size: types } : {}),
      },
      { ids: inputs.ids },
    );
    return { tokens };
  },
});
