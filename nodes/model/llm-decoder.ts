import * as z from "zod";
import { Inputs } from "#models/architectures/core/architecture";
import { languageHead } from "#models/architectures/core/language-model";
import { type LlamaConfig, llamaTower } from "#models/architectures/core/llama-layer";
import type { Value } from "#models/onnx/graph";
import { wrongHeads } from "../core/heads";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const llmDecoder = defineNode({
  type: "model.llm-decoder",
  title: "LLM decoder",
  description: "A language model of LLaMA's kind, of the sizes you choose: from tokens to the scores of the next ones.",
  synonyms: ["GPT", "transformer decoder", "AutoModelForCausalLM", "causal LM"],
  docs: `RMS norm, rotary positions, grouped key heads and a gated MLP (Touvron et al. 2023; Ainslie et al. 2023), its
parameters named as Hugging Face's files name them. \`ids\` int64 [B, L], or \`embeddings\` float32 [B, L, D] in their
place; \`mask\` int64 [B, L] has 1 where a token counts (of *Pack sequences* the number of its sequence: a token sees
its own alone), and \`positions\` int64 [B, L] where each stands, by default 0, 1, …

\`logits\` float32 [B, L, V] are the scores of the token behind each; \`hidden\` float32 [B, L, D] what the last layer
gives, normed. Wire the logits to *Causal LM loss* to train, and to *Generate* for text: there keys and values of
earlier tokens are kept. A folder of Hugging Face's is loaded with *Hugging Face model*.`,
  version: 1,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["B", "L"], optional: true, doc: "Tokens." }),
    embeddings: port.tensor({
      dtype: "float32",
      shape: ["B", "L", "$width"],
      optional: true,
      doc: "Instead of tokens.",
    }),
    mask: port.tensor({ dtype: "int64", shape: ["B", "L"], optional: true, doc: "1 where a token counts." }),
    positions: port.tensor({ dtype: "int64", shape: ["B", "L"], optional: true }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: {
    logits: port.tensor({ dtype: "float32", shape: ["B", "L", "$vocabulary"] }),
    hidden: port.tensor({ dtype: "float32", shape: ["B", "L", "$width"] }),
  },
  params: {
    scope: scopeParam("language"),
    vocabulary: z.int().min(2).max(1_000_000).default(8192).meta({ unit: "tokens" }),
    width: z.int().min(1).max(16_384).default(256).meta({ description: "D" }),
    layers: z.int().min(1).max(256).default(4),
    heads: z.int().min(1).max(256).default(4),
    keyHeads: z.int().min(1).max(256).default(4).meta({
      label: "Key heads",
      description: "Fewer than heads: several query heads share one.",
    }),
    hidden: z.int().min(1).max(131_072).default(768).meta({ label: "MLP width" }),
    window: z.int().min(0).max(1_000_000).default(0).meta({
      unit: "tokens",
      description: "A token sees itself and so many − 1 before it; 0: all before it.",
      advanced: true,
    }),
    base: z.number().min(1).max(1e12).default(10_000).meta({
      label: "Rotary base",
      description: "The longest wavelength of its positions, through 2π.",
      advanced: true,
    }),
    tied: z.boolean().default(true).meta({
      label: "Tied head",
      description: "The table of tokens gives the scores too.",
      advanced: true,
    }),
  },
  decodes: { tokens: "ids", mask: "mask" },
  check(params) {
    const { heads, keyHeads } = params;
    if (heads % keyHeads)
      return { param: "keyHeads", message: `${heads} heads cannot share ${keyHeads} key heads evenly.` };
    return wrongHeads(params);
  },
  build(node) {
    const { inputs, params } = node;
    if (!inputs.ids && !inputs.embeddings) throw new Error("either ids or embeddings must come in");
    if (inputs.ids && inputs.embeddings) throw new Error("ids and embeddings come in, and one of them is enough");
    const given = new Inputs({
      input_ids: inputs.ids,
      inputs_embeds: inputs.embeddings,
      attention_mask: inputs.mask,
      position_ids: inputs.positions,
    });
    const builder = { ...node, linearLayout: "out-in" as const };
    const window = params.window || undefined;
    const tower = llamaTower(builder, configOf(params), given, { window: () => window });
    const tied = params.tied ? "model.embed_tokens.weight" : undefined;
    const outputs = languageHead(builder, given, tower, { vocabulary: params.vocabulary, tied });
    return { logits: (outputs.logits as () => Value)(), hidden: tower.last() };
  },
});

interface Sizes {
  vocabulary: number;
  width: number;
  layers: number;
  heads: number;
  keyHeads: number;
  hidden: number;
  base: number;
  tied: boolean;
}

const configOf = (sizes: Sizes): LlamaConfig => ({
  vocab_size: sizes.vocabulary,
  hidden_size: sizes.width,
  intermediate_size: sizes.hidden,
  num_hidden_layers: sizes.layers,
  num_attention_heads: sizes.heads,
  num_key_value_heads: sizes.keyHeads,
  hidden_act: "silu",
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: sizes.tied,
  rope_theta: sizes.base,
});
