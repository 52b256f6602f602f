import * as z from "zod";
import { paddingMask } from "#models/blocks/attention";
import { layerNorm, scoped } from "#models/blocks/builder";
import { addedToScores, multiwayBlock, multiwayModes } from "#models/blocks/multiway";
import type { Value } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { type Ports, port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const multiwayTransformer = defineNode({
  type: "model.multiway-transformer",
  title: "Multiway transformer",
  description: "VLMo's transformer: attention that words and pictures share, and an expert for each behind it.",
  synonyms: ["mixture of modality experts", "MoME", "BEiT-3"],
  docs: `Pre-norm blocks with LayerScale (Bao et al. 2022, VLMo §3.1; unilm/vlmo, multiway_transformer.py). Attention,
\`norm1\`, \`gamma_1\` and \`gamma_2\` are everybody's; the MLP and the norm before it are the expert's:
\`mlp_imag\`, \`mlp_text\`, and from the block *VL expert from* on \`mlp_vl\`.

*image* and *text* send all tokens through one expert: VLMo as two encoders. *vl* sends a sequence of words and patches
through the third where there is one, and before that the first *Words* tokens through the text's and the others
through the picture's: VLMo as a fusion encoder. *plain* has one MLP with BEiT's names: its first stage. Nodes of any
mode that are given one weights handle are one network.

- \`tokens\` float32 [B, S, D], \`mask\` int64 [B, S], \`bias\` float32 [layers, heads, S, S] of *Relative
  position bias*
- \`tokens\` behind the last norm; \`hidden\` before it; \`below\` before the first block with a VL expert: send it
  through a node in mode *vl* that begins there, for VLMo's second contrastive embedding; \`after_1\`, … behind each
  block`,
  version: 1,
  inputs: {
    tokens: port.tensor({ dtype: "float32", shape: ["B", "S", "D"] }),
    mask: port.tensor({ dtype: "int64", shape: ["B", "S"], optional: true, doc: "1 where a token counts." }),
    bias: port.tensor({ dtype: "float32", shape: ["$layers", "$heads", "S", "S"], optional: true }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: {
    tokens: port.tensor({ dtype: "float32", shape: ["B", "S", "D"], doc: "Behind the last norm." }),
    hidden: port.tensor({ dtype: "float32", shape: ["B", "S", "D"], doc: "Before it." }),
    below: port.tensor({ dtype: "float32", shape: ["B", "S", "D"], doc: "Before the first block with a VL expert." }),
  },
  params: {
    scope: scopeParam("transformer"),
    mode: z.enum(multiwayModes).default("vl"),
    layers: z.int().min(1).max(64).default(12),
    heads: z.int().min(1).max(64).default(12),
    first: z.int().min(0).max(63).default(0).meta({ label: "From block" }),
    vl: z.int().min(0).max(64).default(10).meta({
      label: "VL expert from",
      unit: "blocks",
      description: "The first block that has one; as many as there are blocks: none.",
    }),
    words: z
      .int()
      .min(1)
      .max(65_536)
      .default(40)
      .meta({
        unit: "tokens",
        description: "Of a sequence of both, before blocks have a VL expert.",
        when: { mode: ["vl"] },
      }),
    layerScale: z.number().min(0).max(1).default(0.1).meta({ label: "LayerScale starts at", advanced: true }),
    mlpRatio: z.number().min(0.5).max(8).default(4).meta({ label: "MLP ratio", advanced: true }),
  },
  ports: ({ first, layers }): { outputs: Ports } => {
    const state = port.tensor({ dtype: "float32", shape: ["B", "S", "D"] });
    const blocks = Array.from({ length: Math.max(0, layers - first) }, (_, i) => first + i + 1);
    return { outputs: Object.fromEntries(blocks.map((count) => [`after_${count}`, state])) };
  },
  check: ({ first, layers }) =>
    first < layers
      ? undefined
      : { param: "first", message: `There is no block ${first} among ${layers}.`, hint: "Blocks are counted from 0." },
  build(builder) {
    const { inputs, params, asked } = builder;
    const mask = inputs.mask && paddingMask(builder, inputs.mask);
    const states = new Map<string, Value>();
    let x = inputs.tokens;
    for (let i = params.first; i < params.layers; i++) {
      if (i === params.vl) states.set("below", x);
      const added = inputs.bias ? addedToScores(builder, inputs.bias, i, mask) : mask;
      const { words: textLength, layerScale: scale, vl } = params;
      const spec = { ...params, textLength, scale, hasVl: i >= vl };
      x = multiwayBlock(scoped(builder, `blocks.${i}`), x, spec, added);
      states.set(`after_${i + 1}`, x);
    }
    const wanted = [...states].filter(([name]) => !asked || asked.has(name));
    const isNormed = !asked || asked.has("tokens");
    const tokens = isNormed ? layerNorm(builder, "norm", x, 1e-6) : x;
    return { tokens, hidden: x, below: states.get("below") ?? x, ...Object.fromEntries(wanted) };
  },
});
