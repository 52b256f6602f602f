import * as z from "zod";
import { layerNorm, linear, normal } from "#models/blocks/builder";
import { officialClip } from "#models/blocks/clip";
import {
  type Grid,
  gridOf,
  interpolateBehindToken,
  patchEmbedding,
  patchesOf,
  wholeGridOf,
} from "#models/blocks/patches";
import { prependToken, tokenAt } from "#models/blocks/tokens";
import { transformer } from "#models/blocks/transformer";
import type { Value } from "#models/onnx/graph";
import { activationParam } from "../core/network-variants";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { wrongHeads } from "../core/heads";
import { epsilonParam } from "../core/norm-epsilon";
import { scopeParam } from "../core/scope";

export const visionTransformer = defineNode({
  type: "model.vision-transformer",
  title: "Vision transformer",
  description: "CLIP's image encoder: patches, a class token, learned positions, pre-norm blocks.",
  synonyms: ["ViT", "CLIPVisionModel", "vision tower"],
  docs: `Cuts the picture into P×P patches (a patch convolution without bias, written as reshape and product),
prepends a learned class token, adds learned positions, which *Learned at* resizes, bicubic, to pictures of another
size, then ln_pre, L pre-norm blocks, and ln_post on the class
token (Radford et al. 2021; openai/CLIP model.py VisionTransformer).

- \`pixels\` float32 [B, 3, H, W], H and W divisible by the patch size; with *Learned at* what lies beyond whole
  patches is cut off, as transformers does with \`interpolate_pos_encoding\`
- \`features\` float32 [B, D]: the class token after ln_post, before the projection
- \`tokens\` float32 [B, N+1, D]: all tokens after the last block
- \`patches\` float32 [B, N, D]: the same without the class token, row by row, for a projector behind it
- \`attentions\` float32 [B, heads, N+1, N+1], where it is wired: what each token looks at in the last block, as
  *Heat over patches* shows it`,
  version: 1,
  expensive: true,
  inputs: {
    pixels: port.tensor({ dtype: "float32", shape: ["B", 3, "H", "W"] }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: {
    features: port.tensor({ dtype: "float32", shape: ["B", "$width"] }),
    tokens: port.tensor({ dtype: "float32", shape: ["B", "*", "$width"] }),
    patches: port.tensor({ dtype: "float32", shape: ["B", "*", "$width"] }),
    attentions: port.tensor({ dtype: "float32", shape: ["B", "$heads", "*", "*"], optional: true }),
  },
  params: {
    scope: scopeParam("vision"),
    patch: z.int().min(1).max(64).default(16).meta({ label: "Patch size", unit: "px" }),
    width: z.int().min(8).max(4096).default(768).meta({ description: "D" }),
    layers: z.int().min(1).max(64).default(12),
    heads: z.int().min(1).max(64).default(12),
    mlpRatio: z.number().min(0.5).max(8).default(4).meta({ label: "MLP ratio", advanced: true }),
    size: z.int().min(0).max(4096).default(0).meta({
      label: "Learned at",
      unit: "px",
      description: "Side of the pictures that its positions were learned at; 0: that of those that come.",
      advanced: true,
    }),
    activation: activationParam("quick_gelu"),
    epsilon: epsilonParam(1e-5),
    files: z.enum(["Patchbay", "OpenAI CLIP"]).default("Patchbay").meta({
      label: "Names in files",
      description: "OpenAI CLIP: its own names, and matrices as [out, in], behind the scope visual.",
      advanced: true,
    }),
  },
  check: wrongHeads,
  build(node) {
    const { inputs, params } = node;
    const isOfficial = params.files === "OpenAI CLIP";
    const weights: Value[] = [];
    const watched = { ...node, attended: (each: Value) => void weights.push(each) };
    const builder = isOfficial ? officialClip(watched) : watched;
    const { op } = builder;
    const { pixels } = inputs;
    const { patch, width, layers, epsilon } = params;
    const [, , h, w] = pixels.shape as [number, number, number, number];
    const side = Math.floor(params.size / patch);
    const size = [patch, patch] as const;
    const own = (side ? gridOf : wholeGridOf)([h, w], size);
    const patches = isOfficial
      ? patchEmbedding(builder, "conv1", pixels, { patch: size, width, bias: false })
      : linear(builder, "conv1", patchesOf(builder, pixels, size), width, { bias: false });
    const init = normal(width ** -0.5);
    const tokens = prependToken(builder, "class_embedding", patches, { init, shape: isOfficial ? [width] : undefined });
    const from: Grid = side ? [side, side] : own;
    const learned = builder.weight("positional_embedding", [1 + from[0] * from[1], width], init);
    const row = op.Reshape(learned, { to: [1, 1 + from[0] * from[1], width] });
    const placed = op.Add(tokens, interpolateBehindToken(builder, row, from, own));
    const out = transformer(builder, layerNorm(builder, "ln_pre", placed, epsilon), layers, params);
    const first = tokenAt(builder, out, 0);
    return {
      features: layerNorm(builder, "ln_post", first, epsilon),
      tokens: out,
      patches: op.Slice(out, { starts: [1], ends: [1 + own[0] * own[1]], axes: [1] }),
      attentions: node.asked?.has("attentions") ? weights.at(-1) : undefined,
    };
  },
});
