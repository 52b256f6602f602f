/** OPT (Zhang et al. 2022), which BLIP-2 speaks with. */
import * as z from "zod";
import { activate } from "../blocks/activation";
import { placesOf } from "../blocks/attention";
import { type Builder, embedding, layerNorm, linear, scoped } from "../blocks/builder";
import { causalAttention } from "../blocks/causal-attention";
import type { Dim, Value } from "../onnx/graph";
import { architecture, defineFamily, type Inputs, type Outputs } from "./core/architecture";
import { activation, flag, heads, layers, positions, size, tokenId, vocabulary } from "./core/config";
import {
  causalMasks,
  labelInputs,
  languageHead,
  languageInputs,
  type LanguageTower,
  languageTower,
  tokenEmbeddings,
} from "./core/language-model";

export const optConfig = z.object({
  vocab_size: vocabulary(50272),
  hidden_size: size(768),
  num_hidden_layers: layers(12),
  ffn_dim: size(3072),
  max_position_embeddings: positions(2048),
  do_layer_norm_before: flag(true),
  _remove_final_layer_norm: flag(false),
  word_embed_proj_dim: z
    .int()
    .min(1)
    .max(2 ** 18)
    .nullish(),
  num_attention_heads: heads(12),
  activation_function: activation("relu"),
  enable_bias: flag(true),
  layer_norm_elementwise_affine: flag(true),
  tie_word_embeddings: flag(true),
  bos_token_id: tokenId.default(2),
  eos_token_id: tokenId.default(2),
  pad_token_id: tokenId.default(1),
});
export type OptConfig = z.output<typeof optConfig>;

/** Positions begin at row 2 of their table. */
const offset = 2;

/** The decoder without its head; its parameters lie under `model.decoder`. */
export function optTower(root: Builder, config: OptConfig, inputs: Inputs): LanguageTower {
  const builder = scoped(root, "model.decoder");
  const { hidden_size: width } = config;
  const narrow = config.word_embed_proj_dim ?? width;
  const embedded = () => {
    const words = tokenEmbeddings(builder, "embed_tokens", inputs, { rows: config.vocab_size, width: narrow });
    const wide = narrow === width ? words : linear(builder, "project_in", words, width, { bias: false });
    const rows = builder.op.Add(placesFor(builder, inputs, words), builder.graph.constant([offset], "int64"));
    const table = config.max_position_embeddings + offset;
    return builder.op.Add(wide, embedding(builder, "embed_positions", rows, table, width));
  };
  let maskOf: ReturnType<typeof causalMasks> | undefined;
  const inner = (x: Value, index: number): Value => {
    maskOf ??= causalMasks(builder, inputs, x);
    return layer(scoped(builder, `layers.${index}`), x, maskOf(undefined), config);
  };
  const end = (x: Value): Value => {
    const isNormed = config.do_layer_norm_before && !config._remove_final_layer_norm;
    const normed = isNormed ? norm(builder, "final_layer_norm", x, config) : x;
    return narrow === width ? normed : linear(builder, "project_out", normed, narrow, { bias: false });
  };
  return languageTower(embedded, config.num_hidden_layers, inner, end);
}

/** Where tokens stand: as given, or counted. */
function placesFor(builder: Builder, inputs: Inputs, words: Value): Value {
  const behind = builder.generation ?? builder.caches;
  if (behind) return behind.positions;
  return inputs.given("position_ids") ?? countedPlaces(builder, words, inputs.given("attention_mask"));
}

/** Positions count the tokens that the mask lets through; those that it does not are −1. */
function countedPlaces(builder: Builder, words: Value, mask: Value | undefined): Value {
  const { op, graph } = builder;
  const length = words.shape[1] as Dim;
  if (!mask) return op.Reshape(placesOf(builder, length), { to: [1, length] });
  return op.Sub(op.Mul(op.CumSum(mask, { along: 1 }), mask), graph.constant([1], "int64"));
}

/** As torch has it where no epsilon is given. */
const epsilon = 1e-5;

function norm(builder: Builder, name: string, x: Value, config: OptConfig): Value {
  if (config.layer_norm_elementwise_affine) return layerNorm(builder, name, x, epsilon);
  const ones = builder.op.Expand(builder.constant([1]), { to: [x.shape.at(-1) as number] });
  return builder.op.LayerNormalization(x, ones, { axis: -1, epsilon });
}

/** Norms come before attention and MLP, or behind them. */
function layer(builder: Builder, x: Value, mask: Value | undefined, config: OptConfig): Value {
  const { op } = builder;
  const isBefore = config.do_layer_norm_before;
  const around = (name: string, y: Value, inner: (z: Value) => Value) => {
    if (isBefore) return op.Add(y, inner(norm(builder, name, y, config)));
    return norm(builder, name, op.Add(y, inner(y)), config);
  };
  const attended = around("self_attn_layer_norm", x, (y) => attention(scoped(builder, "self_attn"), y, mask, config));
  return around("final_layer_norm", attended, (y) => {
    const wide = linear(builder, "fc1", y, config.ffn_dim, { bias: config.enable_bias });
    const active = activate(builder, config.activation_function, wide);
    return linear(builder, "fc2", active, config.hidden_size, { bias: config.enable_bias });
  });
}

function attention(builder: Builder, x: Value, mask: Value | undefined, config: OptConfig): Value {
  const { hidden_size: width, num_attention_heads: count, enable_bias: bias } = config;
  const project = (name: string) => linear(builder, name, x, width, { bias });
  const parts = [project("q_proj"), project("k_proj"), project("v_proj")] as const;
  const scale = (width / count) ** -0.5;
  const mixed = causalAttention(builder, parts, { heads: count, keyHeads: count, scale, mask });
  return linear(builder, "out_proj", mixed, width, { bias });
}

/** What a model with a head gives. */
export function optOutputs(builder: Builder, config: OptConfig, inputs: Inputs): Outputs {
  const tied = config.tie_word_embeddings ? "model.decoder.embed_tokens.weight" : undefined;
  return languageHead(builder, inputs, optTower(builder, config, inputs), { vocabulary: config.vocab_size, tied });
}

const names = { prefixes: ["model"], tied: { "lm_head.weight": "model.decoder.embed_tokens.weight" } };

export const opt = defineFamily({
  modelTypes: { opt: "OPTForCausalLM" },
  classes: {
    OPTModel: architecture({
      config: optConfig,
      names,
      inputs: ({ hidden_size }) => languageInputs(hidden_size),
      forward({ builder, config, inputs }) {
        const { last, states } = optTower(builder, config, inputs);
        return { last_hidden_state: last, ...states };
      },
    }),
    OPTForCausalLM: architecture({
      config: optConfig,
      names,
      inputs: ({ hidden_size }) => ({ ...languageInputs(hidden_size), ...labelInputs }),
      forward: ({ builder, config, inputs }) => optOutputs(builder, config, inputs),
    }),
  },
});
