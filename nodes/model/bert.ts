import * as z from "zod";
import {
  bertAttention,
  bertEmbeddings,
  bertLayer,
  type BertLayerConfig,
  wordEmbeddings,
} from "#models/architectures/core/bert-layer";
import type { ActivationName } from "#models/blocks/activation";
import { causalAttentionMask, paddingMask, placesOf } from "#models/blocks/attention";
import { type Builder, scoped } from "#models/blocks/builder";
import { cacheSizes } from "#models/blocks/caches";
import type { Dim, Value } from "#models/onnx/graph";
import { activationParam } from "../core/network-variants";
import { wrongHeads } from "../core/heads";
import { defineNode } from "../core/node";
import { bertEpsilon, epsilonParam } from "../core/norm-epsilon";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const bert = defineNode({
  type: "model.bert",
  title: "BERT",
  description: "Post-norm text layers with cross-attention to a picture: text encoder, fusion encoder or captioner.",
  synonyms: ["BertModel", "MED", "multimodal encoder", "image captioning"],
  docs: `Embeddings and layers of BERT (Devlin et al. 2019) with cross-attention between self-attention and MLP, as
ALBEF (Li et al. 2021, §3.1) and BLIP's MED (Li et al. 2022, §3.1) have them: x = LN(x + attention), then LN(x +
cross-attention to the context), then LN(x + MLP), ε 1e-12. Parameters bear BERT's names: \`embeddings\`,
\`encoder.layer.0.attention\`, \`.crossattention\`, …

*From layer* and *Up to layer* take a part of the layers: ALBEF's text encoder is the first half, without a context; its
fusion encoder the second, which reads \`hidden\` in place of ids. Where both are the same there is no layer:
embeddings, or \`hidden\` as it came. Where no context is wired cross-attention is skipped,
as BLIP's text encoder does. With *Causal* a token sees those before it alone, and the node is a decoder that
*Generate* writes with.

- \`ids\` int64 [B, T], or \`hidden\` float32 [B, T, D] in their place, which enters the first layer as it is
- \`mask\` int64 [B, T]: 1 where a token counts
- \`context\` float32 [B, N, C]: image tokens
- \`hidden\` float32 [B, T, D]; [CLS] is its first token`,
  version: 1,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["B", "T"], optional: true, doc: "Tokens." }),
    hidden: port.tensor({ dtype: "float32", shape: ["B", "T", "$width"], optional: true, doc: "In their place." }),
    mask: port.tensor({ dtype: "int64", shape: ["B", "T"], optional: true, doc: "1 where a token counts." }),
    context: port.tensor({ dtype: "float32", shape: ["B", "N", "C"], optional: true, doc: "What texts look at." }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: { hidden: port.tensor({ dtype: "float32", shape: ["B", "T", "$width"] }) },
  bypass: { hidden: "hidden" },
  params: {
    scope: scopeParam("text_encoder"),
    vocabulary: z.int().min(2).max(1_000_000).default(30_522).meta({ unit: "tokens" }),
    width: z.int().min(8).max(4096).default(768).meta({ description: "D" }),
    heads: z.int().min(1).max(64).default(12),
    first: z.int().min(0).max(64).default(0).meta({ label: "From layer" }),
    layers: z
      .int()
      .min(0)
      .max(64)
      .default(12)
      .meta({ label: "Up to layer", description: "How many there are before." }),
    fusion: z.int().min(0).max(64).default(0).meta({
      label: "Cross-attention from layer",
      description: "Layers before it have none.",
    }),
    contextWidth: z.int().min(0).max(16_384).default(0).meta({
      label: "Context width",
      description: "C. With it cross-attention is a part of the weights even where no context is wired.",
      advanced: true,
    }),
    causal: z.boolean().default(false).meta({ description: "A token sees those before it alone." }),
    positions: z.int().min(1).max(65_536).default(512).meta({ unit: "tokens", advanced: true }),
    types: z.int().min(0).max(64).default(0).meta({
      label: "Token types",
      description: "Rows of the table of types, of which the first is added; 0: there is none, as in BLIP.",
      advanced: true,
    }),
    mlpRatio: z.number().min(0.5).max(8).default(4).meta({ label: "MLP ratio", advanced: true }),
    activation: activationParam("gelu"),
    epsilon: epsilonParam(bertEpsilon),
  },
  ports: ({ causal }) => (causal ? { decodes: { tokens: "ids", mask: "mask" } } : {}),
  check(params) {
    const { first, layers } = params;
    if (first > layers)
      return { param: "first", message: `There is no layer from ${first} up to ${layers}.`, hint: "Start earlier." };
    return wrongHeads(params);
  },
  build(node) {
    const { inputs, params } = node;
    const { first, fusion, layers } = params;
    if (inputs.context && Math.max(first, fusion) >= layers)
      throw Object.assign(
        new Error(`none of its ${layers} layers reads the context: those that do begin at ${fusion}`),
        {
          port: "context",
          hint: "Let cross-attention begin at an earlier layer, add layers, or take the wire away.",
        },
      );
    if (!inputs.ids === !inputs.hidden) throw new Error("either ids or hidden must come in, and not both");
    const builder: Builder = { ...node, linearLayout: "out-in" };
    const config = configOf(params);
    const mask = params.causal ? maskOfDecoder(builder, inputs) : inputs.mask && paddingMask(builder, inputs.mask);
    let x = inputs.hidden ?? embedded(builder, inputs.ids as Value, params);
    for (let i = params.first; i < params.layers; i++) {
      const layer = scoped(builder, `encoder.layer.${i}`);
      const context = i >= params.fusion ? inputs.context : undefined;
      if (!context && i >= params.fusion && params.contextWidth) declareCrossAttention(layer, config, params);
      x = bertLayer(layer, x, config, { mask, isCausal: params.causal, context });
    }
    return { hidden: x };
  },
});

interface Sizes {
  vocabulary: number;
  width: number;
  heads: number;
  positions: number;
  types: number;
  mlpRatio: number;
  contextWidth: number;
  activation: ActivationName;
  epsilon: number;
}

const configOf = ({ width, heads, mlpRatio, activation, epsilon }: Sizes): BertLayerConfig => ({
  hidden_size: width,
  num_attention_heads: heads,
  intermediate_size: Math.round(width * mlpRatio),
  hidden_act: activation,
  layer_norm_eps: epsilon,
});

function embedded(builder: Builder, ids: Value, sizes: Sizes): Value {
  const { vocabulary, width, positions, types, epsilon } = sizes;
  const tables = scoped(builder, "embeddings");
  const config = {
    vocab_size: vocabulary,
    hidden_size: width,
    max_position_embeddings: positions,
    layer_norm_eps: epsilon,
    ...(types ? { type_vocab_size: types } : {}),
  };
  return bertEmbeddings(tables, config, {
    embedded: wordEmbeddings(tables, config, ids),
    positions: builder.generation?.positions ?? countedOn(builder, ids),
  });
}

/** The places behind the tokens that came before, where keys and values of these come in. */
function countedOn(builder: Builder, ids: Value): Value | undefined {
  const { op, caches } = builder;
  const length = ids.shape[1] as Dim;
  return caches && op.Reshape(op.Add(placesOf(builder, length), caches.before), { to: [1, length] });
}

/** Those before a token, and no padding; while text is generated what is kept says it. */
function maskOfDecoder(
  builder: Builder,
  { ids, hidden, mask }: { ids?: Value; hidden?: Value; mask?: Value },
): Value | undefined {
  const { generation, caches } = builder;
  if (generation) return undefined;
  const queries = (ids ?? hidden)?.shape[1] as Dim;
  if (caches) return causalAttentionMask(builder, { queries, keys: cacheSizes.all, past: caches.before });
  return causalAttentionMask(builder, { queries, keys: queries, padding: mask });
}

/** Makes the parameters of a cross-attention that is skipped: nothing reads what it gives. */
function declareCrossAttention(layer: Builder, config: BertLayerConfig, { width, contextWidth }: Sizes): void {
  if (!layer.training) return;
  const zeros = (size: number) => layer.op.Expand(layer.constant([0]), { to: [1, 1, size] });
  bertAttention(scoped(layer, "crossattention"), zeros(width), config, { context: zeros(contextWidth) });
}
