import * as z from "zod";
import { placesOf } from "#models/blocks/attention";
import { maeEncoder as buildEncoder, maePooled } from "#models/blocks/masked-autoencoder";
import { tokenAt } from "#models/blocks/tokens";
import type { Dim } from "#models/onnx/graph";
import { timmEpsilon } from "#models/blocks/timm-vit";
import { activationParam, qkvBiasParam } from "../core/network-variants";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { wrongHeads } from "../core/heads";
import { epsilonParam } from "../core/norm-epsilon";
import { scopeParam } from "../core/scope";

const poolings = ["class token", "mean of patches"] as const;

export const maeEncoder = defineNode({
  type: "model.mae-encoder",
  title: "MAE encoder",
  description:
    "A vision transformer that sees some patches of a picture, chosen by noise: a masked autoencoder's half.",
  synonyms: ["ViTMAE", "masked image modeling", "self-supervised"],
  docs: `Patches, positions of sines and cosines that are never trained, a class token, L pre-norm blocks, a last norm
(He et al. 2022; facebookresearch/mae, models_mae.py, whose names its parameters have). Of N patches those with the
int(N·(1 − ratio)) smallest noises are seen, in the order of their noise; the others are not computed at all. Without
noise all are seen, as for a linear probe or fine-tuning.

For fine-tuning *Features* are the mean of the patches, normed by \`fc_norm\` in place of the last norm, which the
tokens then are without (models_vit.py, global_pool).

- \`pixels\` float32 [B, 3, H, W], H and W divisible by the patch size
- \`noise\` float32 [B, N], uniform: wire *Random draws*
- \`tokens\` float32 [B, 1 + kept, D], the class token first; \`features\` float32 [B, D], by default that token
- \`mask\` float32 [B, N], 1 where a patch was taken away; \`restore\` int64 [B, N], where each patch went`,
  version: 1,
  expensive: true,
  inputs: {
    pixels: port.tensor({ dtype: "float32", shape: ["B", 3, "H", "W"] }),
    noise: port.tensor({ dtype: "float32", shape: ["B", "N"], optional: true, doc: "One number a patch." }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: {
    features: port.tensor({ dtype: "float32", shape: ["B", "$width"] }),
    tokens: port.tensor({ dtype: "float32", shape: ["B", "*", "$width"] }),
    mask: port.tensor({ dtype: "float32", shape: ["B", "*"] }),
    restore: port.tensor({ dtype: "int64", shape: ["B", "*"] }),
  },
  // Nothing that comes in could be what goes out, though a shape may fit.
  bypass: {},
  params: {
    scope: scopeParam("mae"),
    patch: z.int().min(1).max(64).default(16).meta({ label: "Patch size", unit: "px" }),
    width: z.int().min(8).max(4096).default(768).meta({ description: "D" }),
    layers: z.int().min(1).max(64).default(12),
    heads: z.int().min(1).max(64).default(12),
    mlpRatio: z.number().min(0.5).max(8).default(4).meta({ label: "MLP ratio", advanced: true }),
    qkvBias: qkvBiasParam,
    activation: activationParam("gelu"),
    epsilon: epsilonParam(timmEpsilon),
    ratio: z.number().min(0).max(0.99).default(0.75).meta({ label: "Masked", description: "Share of the patches." }),
    pool: z.enum(poolings).default("class token").meta({ label: "Features", advanced: true }),
  },
  check: wrongHeads,
  build(builder) {
    const { op, inputs, params } = builder;
    const isMean = params.pool === "mean of patches";
    const spec = { ...params, noise: inputs.noise, bare: isMean };
    const { tokens, shuffle } = buildEncoder(builder, inputs.pixels, spec);
    const [batch, length] = tokens.shape as [Dim, number];
    const all = { to: [batch, length - 1] };
    return {
      features: isMean ? maePooled(builder, tokens, params) : tokenAt(builder, tokens, 0),
      tokens,
      mask: shuffle?.mask ?? op.Expand(builder.constant([0]), all),
      restore: shuffle?.restore ?? op.Expand(placesOf(builder, length - 1), all),
    };
  },
});
