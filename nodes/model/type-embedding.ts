import * as z from "zod";
import { normal } from "#models/blocks/builder";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const typeEmbedding = defineNode({
  type: "model.type-embedding",
  title: "Type embedding",
  description: "Adds a learned vector to all tokens that says of which kind they are: words, or parts of a picture.",
  synonyms: ["token_type_embeddings", "segment embedding", "modality embedding"],
  docs: `Row *Kind* of the table \`weight\` [kinds, D] is added to each token. In ViLT and VLMo row 0 tells words and
row 1 pictures (Kim et al. 2021, §3.1): give both nodes one weights handle and one scope.

float32 [B, T, D] → the same`,
  version: 1,
  inputs: {
    tokens: port.tensor({ dtype: "float32", shape: ["B", "T", "D"] }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: { tokens: port.tensor({ dtype: "float32", shape: ["B", "T", "D"] }) },
  params: {
    scope: scopeParam("token_type_embeddings"),
    kind: z.int().min(0).max(63).default(0).meta({ description: "0 words and 1 pictures, in ViLT and VLMo." }),
    kinds: z.int().min(1).max(64).default(2).meta({ description: "Rows of the table.", advanced: true }),
  },
  check: ({ kind, kinds }) =>
    kind < kinds
      ? undefined
      : { param: "kind", message: `There is no row ${kind} among ${kinds}.`, hint: "Rows are counted from 0." },
  build({ op, inputs: { tokens }, params: { kind, kinds }, weight }) {
    const table = weight("weight", [kinds, tokens.shape[2] as number], normal(0.02));
    return { tokens: op.Add(tokens, op.Slice(table, { starts: [kind], ends: [kind + 1], axes: [0] })) };
  },
});
