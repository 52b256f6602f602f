/** The layers of LLaMA (Touvron et al. 2023), and of what follows it: RMS norm, rotary positions, gated MLP. */
import * as z from "zod";
import { type ActivationName, activate } from "../../blocks/activation";
import { widthOfHeads } from "../../blocks/attention";
import { type Builder, linear, scoped } from "../../blocks/builder";
import { causalAttention } from "../../blocks/causal-attention";
import { type Rotary, rotaryTurns, turned } from "../../blocks/rotary";
import { residualBlock } from "../../blocks/transformer";
import type { Dim, Value } from "../../onnx/graph";
import type { Forward, Inputs, OpenArchitecture, Outputs } from "./architecture";
import { activation, epsilon, flag, heads, layers, positions, size, vocabulary } from "./config";
import {
  causalMasks,
  labelInputs,
  languageHead,
  languageInputs,
  type LanguageTower,
  languageTower,
  positionsOf,
  tokenEmbeddings,
} from "./language-model";
import { ropeFields, ropeOf } from "./rope";

/** What the configurations of the line have in common, with the defaults of LlamaConfig. */
export const llamaFields = {
  vocab_size: vocabulary(32000),
  hidden_size: size(4096),
  intermediate_size: size(11008),
  num_hidden_layers: layers(32),
  num_attention_heads: heads(32),
  num_key_value_heads: z.int().min(1).max(1024).nullish(),
  head_dim: z
    .int()
    .min(1)
    .max(2 ** 14)
    .nullish(),
  hidden_act: activation("silu"),
  max_position_embeddings: positions(2048),
  rms_norm_eps: epsilon(1e-6),
  tie_word_embeddings: flag(false),
  ...ropeFields,
};
export type LlamaConfig = z.output<z.ZodObject<typeof llamaFields>>;

/** In what the models of the line differ. */
export interface LlamaStyle {
  /** Whether queries, keys and values have a bias, and whether the layer behind the attention has. */
  bias?: { qkv?: boolean; out?: boolean; mlp?: boolean };
  /** Queries, keys and values come from one layer, and so do the MLP's gate and its other half (Phi-3). */
  isPacked?: boolean;
  /** How many positions a layer sees; all where absent. */
  window?(layer: number): number | undefined;
}

/** x / √(mean x² + ε) · weight. */
export function rmsNorm(builder: Builder, name: string, x: Value, epsilon: number): Value {
  const weight = builder.weight(`${name}.weight`, [x.shape.at(-1) as number], { kind: "ones" });
  return builder.op.RMSNormalization(x, weight, { axis: -1, epsilon });
}

/** What all layers of a call share. */
interface Shared {
  rotary: Rotary;
  maskOf(window: number | undefined): Value | undefined;
}

/** The decoder without its head; its parameters lie under `model`. */
export function llamaTower(root: Builder, config: LlamaConfig, inputs: Inputs, style: LlamaStyle): LanguageTower {
  const builder = scoped(root, "model");
  const embedded = () =>
    tokenEmbeddings(builder, "embed_tokens", inputs, { rows: config.vocab_size, width: config.hidden_size });
  let shared: Shared | undefined;
  const layer = (x: Value, index: number): Value => {
    shared ??= sharedOf(builder, config, inputs, x);
    return llamaLayer(scoped(builder, `layers.${index}`), x, config, { ...style, ...shared, index });
  };
  const norm = (x: Value) => rmsNorm(builder, "norm", x, config.rms_norm_eps);
  return languageTower(embedded, config.num_hidden_layers, layer, norm);
}

function sharedOf(builder: Builder, config: LlamaConfig, inputs: Inputs, embedded: Value): Shared {
  const turning = ropeOf(config, headWidthOf(config));
  const batch = embedded.shape[0] as Dim;
  return {
    rotary: rotaryTurns(builder, positionsOf(builder, inputs, embedded), turning, { batch }),
    maskOf: causalMasks(builder, inputs, embedded),
  };
}

const headWidthOf = ({ head_dim, hidden_size, num_attention_heads: count }: LlamaConfig): number =>
  head_dim ?? widthOfHeads(hidden_size, count);

type LayerSpec = LlamaStyle & Shared & { index: number };

/** x += attention(norm x); x += MLP(norm x). x: float32 [B, N, D]. */
function llamaLayer(builder: Builder, x: Value, config: LlamaConfig, spec: LayerSpec): Value {
  const epsilon = config.rms_norm_eps;
  return residualBlock(builder, x, {
    attention: (y) =>
      llamaAttention(scoped(builder, "self_attn"), rmsNorm(builder, "input_layernorm", y, epsilon), config, spec),
    feedForward: (y) =>
      gatedMlp(scoped(builder, "mlp"), rmsNorm(builder, "post_attention_layernorm", y, epsilon), config, spec),
  });
}

function llamaAttention(builder: Builder, x: Value, config: LlamaConfig, spec: LayerSpec): Value {
  const { bias = {}, isPacked = false, rotary, maskOf, index } = spec;
  const width = headWidthOf(config);
  const count = config.num_attention_heads;
  const keyHeads = config.num_key_value_heads ?? count;
  if (count % keyHeads) throw new Error(`${count} heads cannot share ${keyHeads} key heads`);
  const widths = [count * width, keyHeads * width, keyHeads * width];
  const [q, k, v] = isPacked
    ? packed(builder, "qkv_proj", x, widths)
    : ["q_proj", "k_proj", "v_proj"].map((name, i) =>
        linear(builder, name, x, widths[i] as number, { bias: bias.qkv ?? false }),
      );
  const window = spec.window?.(index);
  const turns = [turned(builder, q as Value, count, rotary), turned(builder, k as Value, keyHeads, rotary)] as const;
  const mixed = causalAttention(builder, [...turns, v as Value], {
    heads: count,
    keyHeads,
    scale: width ** -0.5,
    window,
    mask: maskOf(window),
  });
  return linear(builder, "o_proj", mixed, config.hidden_size, { bias: bias.out ?? false });
}

/** down(act(gate x) · up x). */
function gatedMlp(
  builder: Builder,
  x: Value,
  config: { hidden_size: number; intermediate_size: number; hidden_act: ActivationName },
  { bias = {}, isPacked = false }: LlamaStyle,
): Value {
  const inner = config.intermediate_size;
  const options = { bias: bias.mlp ?? false };
  const [gate, up] = isPacked
    ? packed(builder, "gate_up_proj", x, [inner, inner])
    : ["gate_proj", "up_proj"].map((name) => linear(builder, name, x, inner, options));
  const gated = builder.op.Mul(activate(builder, config.hidden_act, gate as Value), up as Value);
  return linear(builder, "down_proj", gated, config.hidden_size, options);
}

/** One linear layer that gives several values side by side, cut apart. */
function packed(builder: Builder, name: string, x: Value, widths: readonly number[]): Value[] {
  const total = widths.reduce((sum, width) => sum + width, 0);
  const all = linear(builder, name, x, total, { bias: false });
  let start = 0;
  return widths.map((width) => {
    const range = { starts: [start], ends: [start + width], axes: [-1] };
    start += width;
    return builder.op.Slice(all, range);
  });
}

/** What a class of the line is: the decoder alone, or with its head. */
export interface LlamaParts<C> {
  inputs(config: C): OpenArchitecture["inputs"];
  forward(model: Forward<C>): Outputs;
}

export function llamaModel<C extends LlamaConfig>(styleOf: (config: C) => LlamaStyle): LlamaParts<C> {
  return {
    inputs: ({ hidden_size }) => languageInputs(hidden_size),
    forward({ builder, config, inputs }) {
      const { last, states } = llamaTower(builder, config, inputs, styleOf(config));
      return { last_hidden_state: last, ...states };
    },
  };
}

export function llamaCausalModel<C extends LlamaConfig>(styleOf: (config: C) => LlamaStyle): LlamaParts<C> {
  return {
    inputs: ({ hidden_size }) => ({ ...languageInputs(hidden_size), ...labelInputs }),
    forward({ builder, config, inputs }) {
      const tower = llamaTower(builder, config, inputs, styleOf(config));
      const tied = config.tie_word_embeddings ? "model.embed_tokens.weight" : undefined;
      return languageHead(builder, inputs, tower, { vocabulary: config.vocab_size, tied });
    },
  };
}

/** How files of the line, and of models that hold one of it, name its tensors. */
export const llamaNames = {
  renames: [
    [/^model\.language_model\./, "model."],
    [/^language_model\./, ""],
  ],
  prefixes: ["model"],
  tied: { "lm_head.weight": "model.embed_tokens.weight" },
} as const;

/** One of the line as the language model of a larger model. */
export interface LlamaLanguage {
  config: LlamaConfig;
  style: LlamaStyle;
}

/** Reads a configuration of the line as what a larger model needs of it. */
export function languageOf<C extends LlamaConfig>(
  schema: z.ZodType<C>,
  styleOf: (config: C) => LlamaStyle,
): z.ZodType<LlamaLanguage> {
  return schema.transform((config) => ({ config, style: styleOf(config) }));
}
