import * as z from "zod";
import { timmEpsilon, timmVit as buildVit } from "#models/blocks/timm-vit";
import { activationParam, qkvBiasParam } from "../core/network-variants";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { wrongHeads } from "../core/heads";
import { epsilonParam } from "../core/norm-epsilon";
import { scopeParam } from "../core/scope";

export const timmVit = defineNode({
  type: "model.timm-vit",
  title: "ViT (timm)",
  description:
    "The picture encoder of ALBEF and BLIP: patches, a class token, pre-norm blocks, a norm over all tokens.",
  synonyms: ["DeiT", "vision transformer", "vit_base_patch16"],
  docs: `Patches of P×P by a convolution with bias, a learned class token, learned positions, L pre-norm blocks with
exact GELU and ε 1e-6, and a last norm over all tokens (Dosovitskiy et al. 2021, as timm has it). Parameters bear timm's
names: \`patch_embed.proj\`, \`cls_token\`, \`pos_embed\`, \`blocks.0.attn.qkv\`, …, \`norm\`; with the scope
\`visual_encoder\` those of ALBEF's and BLIP's checkpoints. *Learned at* resizes positions, bicubic, to pictures of
another size.

\`pixels\` float32 [B, 3, H, W] → \`tokens\` float32 [B, N + 1, D], the class token first`,
  version: 1,
  expensive: true,
  inputs: {
    pixels: port.tensor({ dtype: "float32", shape: ["B", 3, "H", "W"] }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: { tokens: port.tensor({ dtype: "float32", shape: ["B", "*", "$width"] }) },
  params: {
    scope: scopeParam("visual_encoder"),
    patch: z.int().min(1).max(64).default(16).meta({ label: "Patch size", unit: "px" }),
    width: z.int().min(8).max(4096).default(768).meta({ description: "D" }),
    layers: z.int().min(1).max(64).default(12),
    heads: z.int().min(1).max(64).default(12),
    mlpRatio: z.number().min(0.5).max(8).default(4).meta({ label: "MLP ratio", advanced: true }),
    qkvBias: qkvBiasParam,
    activation: activationParam("gelu"),
    epsilon: epsilonParam(timmEpsilon),
    size: z.int().min(0).max(4096).default(0).meta({
      label: "Learned at",
      unit: "px",
      description: "Side of the pictures that its positions were learned at; 0: that of those that come.",
      advanced: true,
    }),
  },
  check: wrongHeads,
  build(builder) {
    const { inputs, params } = builder;
    const side = Math.floor(params.size / params.patch);
    return { tokens: buildVit(builder, inputs.pixels, { ...params, grid: side ? [side, side] : undefined }) };
  },
});
