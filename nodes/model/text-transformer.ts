import * as z from "zod";
import { layerNorm, normal } from "#models/blocks/builder";
import { officialClip } from "#models/blocks/clip";
import { pickTokens } from "#models/blocks/tokens";
import { causalMask, transformer } from "#models/blocks/transformer";
import type { Value } from "#models/onnx/graph";
import { activationParam } from "../core/network-variants";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { wrongHeads } from "../core/heads";
import { epsilonParam } from "../core/norm-epsilon";
import { scopeParam } from "../core/scope";

export const textTransformer = defineNode({
  type: "model.text-transformer",
  title: "Text transformer",
  description: "CLIP's text encoder: causal pre-norm blocks, pooled at the end-of-text token.",
  synonyms: ["CLIPTextModel", "CLIPTextEncode", "sentence encoder"],
  docs: `Token and learned position embeddings, L pre-norm blocks under a causal mask (no padding mask), ln_final,
and the token at argmax(ids): end-of-text has the highest id (Radford et al. 2021; openai/CLIP model.py).
Initialisation as there: embeddings N(0, 0.02), positions N(0, 0.01), attention D^−½, residual projections
D^−½·(2L)^−½, MLP (2D)^−½.

- \`ids\` int64 [B, T]
- \`features\` float32 [B, D]: the end token after ln_final, before the projection
- \`tokens\` float32 [B, T, D]: all tokens after ln_final
- \`attentions\` float32 [B, heads, T, T], where it is wired: what each token looks at in the last block`,
  version: 1,
  expensive: true,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["B", "T"] }),
    weights: port.weights({ optional: true, doc: "Without one, the weights are fresh." }),
  },
  outputs: {
    features: port.tensor({ dtype: "float32", shape: ["B", "$width"] }),
    tokens: port.tensor({ dtype: "float32", shape: ["B", "T", "$width"] }),
    attentions: port.tensor({ dtype: "float32", shape: ["B", "$heads", "T", "T"], optional: true }),
  },
  params: {
    scope: scopeParam("text"),
    vocabulary: z.int().min(2).max(300_000).default(49_408).meta({ unit: "tokens" }),
    width: z.int().min(8).max(4096).default(512).meta({ description: "D" }),
    layers: z.int().min(1).max(64).default(12),
    heads: z.int().min(1).max(64).default(8),
    context: z.int().min(0).max(65_536).default(0).meta({
      unit: "tokens",
      advanced: true,
      description: "Positions that are learned, where texts come in several lengths; 0: as many as the ids have.",
    }),
    mlpRatio: z.number().min(0.5).max(8).default(4).meta({ label: "MLP ratio", advanced: true }),
    activation: activationParam("quick_gelu"),
    epsilon: epsilonParam(1e-5),
    files: z.enum(["Patchbay", "OpenAI CLIP"]).default("Patchbay").meta({
      label: "Names in files",
      description: "OpenAI CLIP: its own names, and matrices as [out, in], behind the scope . (a dot: none).",
      advanced: true,
    }),
    causal: z.boolean().default(true).meta({ label: "Causal mask", advanced: true }),
  },
  check: wrongHeads,
  build(node) {
    const { inputs, params } = node;
    const weights: Value[] = [];
    const watched = { ...node, attended: (each: Value) => void weights.push(each) };
    const builder = params.files === "OpenAI CLIP" ? officialClip(watched) : watched;
    const { op } = builder;
    const { ids } = inputs;
    const { vocabulary, width, layers, context } = params;
    const length = lengthOf(ids, context);
    const embedded = op.Gather(builder.weight("token_embedding", [vocabulary, width], normal(0.02)), ids, { axis: 0 });
    const positions = builder.weight("positional_embedding", [context || length, width], normal(0.01));
    if (context && length > context) throw new Error(`texts of ${length} tokens do not fit ${context} positions`);
    const placed = op.Add(
      embedded,
      context > length ? op.Slice(positions, { starts: [0], ends: [length], axes: [0] }) : positions,
    );
    const std = width ** -0.5;
    const residual = normal(std * (2 * layers) ** -0.5);
    const out = transformer(
      builder,
      placed,
      layers,
      {
        heads: params.heads,
        mlpRatio: params.mlpRatio,
        activation: params.activation,
        epsilon: params.epsilon,
        init: { qkv: normal(std), out: residual, fc: normal((2 * width) ** -0.5), proj: residual },
      },
      params.causal ? causalMask(builder, length) : undefined,
    );
    const encoded = layerNorm(builder, "ln_final", out, params.epsilon);
    const ends = op.ArgMax(ids, { axis: 1, keepdims: 0 });
    return {
      features: pickTokens(builder, encoded, ends),
      tokens: encoded,
      attentions: node.asked?.has("attentions") ? weights.at(-1) : undefined,
    };
  },
});

/** Before a run the length of trimmed texts is open; any that fits the context will do. */
function lengthOf(ids: Value, context: number): number {
  const tokens = ids.shape[1];
  const length = tokens === "*" && context ? context : tokens;
  if (typeof length !== "number")
    throw new Error("the number of tokens must be known; where texts come in several lengths, set Context");
  return length;
}
