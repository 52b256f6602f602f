import * as z from "zod";
import { paddingMask } from "#models/blocks/attention";
import { layerNorm, scoped } from "#models/blocks/builder";
import { timmBlock, timmEpsilon } from "#models/blocks/timm-vit";
import { activationParam, qkvBiasParam } from "../core/network-variants";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { epsilonParam } from "../core/norm-epsilon";
import { scopeParam } from "../core/scope";

export const timmEncoder = defineNode({
  type: "model.timm-encoder",
  title: "Transformer (timm)",
  description: "Pre-norm blocks over tokens of any kind, with a mask: ViLT's one stream of words and patches.",
  synonyms: ["TransformerEncoder", "self-attention", "fusion encoder"],
  docs: `L pre-norm blocks with fused attention, exact GELU and ε 1e-6, and a last norm over all tokens, with timm's
names: \`blocks.0.norm1\`, \`.attn.qkv\`, \`.attn.proj\`, \`.norm2\`, \`.mlp.fc1\`, \`.mlp.fc2\`,
\`norm\` (Dosovitskiy et al. 2021). Tokens that the mask leaves out are seen by none.

- \`tokens\` float32 [B, T, D], \`mask\` int64 [B, T] → \`tokens\` float32 [B, T, D]`,
  version: 1,
  inputs: {
    tokens: port.tensor({ dtype: "float32", shape: ["B", "T", "D"] }),
    mask: port.tensor({ dtype: "int64", shape: ["B", "T"], optional: true, doc: "1 where a token counts." }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: { tokens: port.tensor({ dtype: "float32", shape: ["B", "T", "D"] }) },
  params: {
    scope: scopeParam("transformer"),
    layers: z.int().min(1).max(64).default(12),
    heads: z.int().min(1).max(64).default(12),
    mlpRatio: z.number().min(0.5).max(8).default(4).meta({ label: "MLP ratio", advanced: true }),
    qkvBias: qkvBiasParam,
    activation: activationParam("gelu"),
    epsilon: epsilonParam(timmEpsilon),
  },
  build(builder) {
    const { inputs, params } = builder;
    const mask = inputs.mask && paddingMask(builder, inputs.mask);
    let x = inputs.tokens;
    for (let i = 0; i < params.layers; i++) x = timmBlock(scoped(builder, `blocks.${i}`), x, params, mask);
    return { tokens: layerNorm(builder, "norm", x, params.epsilon) };
  },
});
