import * as z from "zod";
import { embedding } from "#models/blocks/builder";
import { defineNode } from "../core/node";
import { placeholderParam } from "../core/placeholder";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const tokenEmbedding = defineNode({
  type: "model.token-embedding",
  title: "Token embedding",
  description: "A row of a table for each token: what a language model reads instead of ids.",
  synonyms: ["nn.Embedding", "embed_tokens", "wte", "lookup"],
  docs: `int64 [B, L] → float32 [B, L, D]. The table is \`weight\` [vocabulary, D], as in torch.nn.Embedding. Put other
embeddings in the places of some tokens, as *Splice* does those of pictures, and wire the result to the decoder's
\`embeddings\`. To have the table that a decoder has, which gives its scores too where the head is tied, wire one
weights handle to both and take the decoder's scope with \`.model\` behind it.`,
  version: 1,
  embeds: { tokens: "ids" },
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["B", "L"] }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: { embeddings: port.tensor({ dtype: "float32", shape: ["B", "L", "$width"] }) },
  params: {
    scope: scopeParam("tokens"),
    vocabulary: z.int().min(2).max(1_000_000).default(8192).meta({ unit: "tokens" }),
    width: z.int().min(1).max(16_384).default(256).meta({ description: "D" }),
    placeholder: placeholderParam.meta({
      label: "Placeholder",
      advanced: true,
      description: "Has no row of its own: *Splice* takes its place.",
    }),
  },
  build(builder) {
    const { op, graph, inputs, params } = builder;
    const placeholder = graph.constant([params.placeholder], "int64");
    const isOutside = params.placeholder < 0 || params.placeholder >= params.vocabulary;
    const safe = () => op.Where(op.Equal(inputs.ids, placeholder), graph.constant([0], "int64"), inputs.ids);
    const ids = isOutside ? safe() : inputs.ids;
    return { embeddings: embedding(builder, "embed_tokens", ids, params.vocabulary, params.width) };
  },
});
