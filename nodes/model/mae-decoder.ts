import * as z from "zod";
import { maeDecoder as buildDecoder } from "#models/blocks/masked-autoencoder";
import { timmEpsilon } from "#models/blocks/timm-vit";
import { activationParam, qkvBiasParam } from "../core/network-variants";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { wrongHeads } from "../core/heads";
import { epsilonParam } from "../core/norm-epsilon";
import { scopeParam } from "../core/scope";

export const maeDecoder = defineNode({
  type: "model.mae-decoder",
  title: "MAE decoder",
  description: "Draws all patches of a picture from the tokens of those that were seen: a masked autoencoder's half.",
  synonyms: ["reconstruct", "pixel decoder"],
  docs: `A linear map to a smaller width, a learned token in the place of each patch that was not seen, everything back
in the order of the picture, positions of sines and cosines that are never trained, pre-norm blocks, a norm, and a
linear map to pixels (He et al. 2022; facebookresearch/mae, models_mae.py, whose names its parameters have). The patches
are a square grid. It is thrown away after the training.

\`tokens\` float32 [B, 1 + kept, D], \`restore\` int64 [B, N] → \`patches\` float32 [B, N, P²·C], channels last`,
  version: 1,
  inputs: {
    tokens: port.tensor({ dtype: "float32", shape: ["B", "K", "D"] }),
    restore: port.tensor({ dtype: "int64", shape: ["B", "N"] }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: { patches: port.tensor({ dtype: "float32", shape: ["B", "N", "*"] }) },
  params: {
    scope: scopeParam("decoder"),
    patch: z.int().min(1).max(64).default(16).meta({ label: "Patch size", unit: "px" }),
    channels: z.int().min(1).max(16).default(3).meta({ advanced: true }),
    width: z.int().min(8).max(4096).default(512).meta({ description: "Divisible by 4." }),
    layers: z.int().min(1).max(64).default(8),
    heads: z.int().min(1).max(64).default(16),
    mlpRatio: z.number().min(0.5).max(8).default(4).meta({ label: "MLP ratio", advanced: true }),
    qkvBias: qkvBiasParam,
    activation: activationParam("gelu"),
    epsilon: epsilonParam(timmEpsilon),
  },
  check: wrongHeads,
  build(builder) {
    const { inputs, params } = builder;
    const pixels = params.patch ** 2 * params.channels;
    return { patches: buildDecoder(builder, inputs.tokens, inputs.restore, { ...params, pixels }) };
  },
});
