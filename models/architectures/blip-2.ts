/** BLIP-2 (Li et al. 2023): a picture encoder, a Q-Former that asks it, and a decoder (OPT) that speaks. */
import * as z from "zod";
import { type Builder, layerNorm, linear, scoped } from "../blocks/builder";
import { placeFeatures, tokenAt } from "../blocks/tokens";
import type { Dim, Value } from "../onnx/graph";
import {
  architecture,
  defineFamily,
  type Forward,
  hiddenStates,
  Inputs,
  type InputSpec,
  layered,
  once,
  type Outputs,
  type Prompt,
  under,
} from "./core/architecture";
import { bertAttention, bertFeedForward } from "./core/bert-layer";
import { blipVisionFields, blipVisionTower } from "./core/blip-vision";
import { activation, epsilon, flag, heads, layers, nested, only, size, towerConfig } from "./core/config";
import { labelInputs, tokenEmbeddings } from "./core/language-model";
import { pictureInputs, picturesOf, type Tower, towerOutputs } from "./core/towers";
import { optConfig, optOutputs } from "./opt";

const visionConfig = blipVisionFields({
  width: 1408,
  hidden: 6144,
  layers: 39,
  heads: 16,
  area: 224,
  patch: 14,
  epsilon: 1e-6,
}).extend({ qkv_bias: flag(true) });

const qformerConfig = z.object({
  hidden_size: size(768),
  num_hidden_layers: layers(12),
  num_attention_heads: heads(12),
  intermediate_size: size(3072),
  hidden_act: activation("gelu"),
  layer_norm_eps: epsilon(1e-12),
  cross_attention_frequency: size(2),
  position_embedding_type: only("absolute"),
});
type QFormerConfig = z.output<typeof qformerConfig>;

const config = z.object({
  vision_config: nested(visionConfig),
  qformer_config: nested(qformerConfig),
  text_config: nested(
    optConfig.extend({
      model_type: z
        .string()
        .default("opt")
        .refine((type) => type === "opt", "only OPT is known as BLIP-2's language model"),
    }),
  ),
  num_query_tokens: size(32),
  image_token_index: z
    .int()
    .min(0)
    .max(2 ** 31)
    .nullish(),
});
type Config = z.output<typeof config>;

/** Learned queries that look at each other, and in every few layers at a picture. context: float32 [B, N, C]. */
function qformer(builder: Builder, config: QFormerConfig, queries: () => Value, context: () => Value): Tower {
  const count = config.num_hidden_layers;
  const embedded = () => layerNorm(builder, "layernorm", queries(), config.layer_norm_eps);
  const state = layered(embedded, count, (x, i) => {
    const inner = scoped(builder, `encoder.layer.${i}`);
    const attended = bertAttention(scoped(inner, "attention"), x, config, { inside: "attention" });
    const looks = i % config.cross_attention_frequency === 0;
    const informed = looks
      ? bertAttention(scoped(inner, "crossattention"), attended, config, { inside: "attention", context: context() })
      : attended;
    return bertFeedForward(inner, informed, config, "_query");
  });
  const last = () => state(count);
  return { last, pooled: once(() => tokenAt(builder, last(), 0)), states: hiddenStates(count, state) };
}

interface Picture {
  vision: Tower;
  queries: Tower;
  /** What the language model reads of a picture: float32 [B, queries, D]. */
  features: () => Value;
}

function pictureOf(builder: Builder, config: Config, inputs: Inputs): Picture {
  const { op } = builder;
  const vision = blipVisionTower(scoped(builder, "vision_model"), config.vision_config, () =>
    inputs.need("pixel_values"),
  );
  const { hidden_size: width } = config.qformer_config;
  const learned = () => {
    const batch = inputs.need("pixel_values").shape[0] as Dim;
    const shape = [1, config.num_query_tokens, width];
    const tokens = builder.weight("query_tokens", shape, { kind: "normal", std: 0.02 });
    return op.Expand(tokens, { to: [batch, config.num_query_tokens, width] });
  };
  const queries = qformer(scoped(builder, "qformer"), config.qformer_config, learned, vision.last);
  const features = once(
    () =>
      inputs.given("image_features") ??
      linear(builder, "language_projection", queries.last(), config.text_config.hidden_size),
  );
  return { vision, queries, features };
}

/** Words, with a picture's features in the places of its tokens where there is a picture. */
function mergedTokens(builder: Builder, config: Config, inputs: Inputs, features: () => Value): Value {
  const { text_config: text } = config;
  const table = { rows: text.vocab_size, width: text.word_embed_proj_dim ?? text.hidden_size };
  const words = tokenEmbeddings(builder, "language_model.model.decoder.embed_tokens", inputs, table);
  if (!inputs.given("pixel_values") && !inputs.given("image_features")) return words;
  const token = builder.graph.constant([imageToken(config)], "int64");
  const isPlace = builder.op.Equal(inputs.need("input_ids"), token);
  return placeFeatures(builder, words, isPlace, features());
}

function generator({ builder, config, inputs }: Forward<Config>): Outputs {
  // While text is generated, all of a picture is made once.
  const { vision, queries, features } = pictureOf({ ...builder, generation: undefined }, config, inputs);
  const merged = once(() => mergedTokens(builder, config, inputs, features));
  const language = once(() => {
    const given = {
      inputs_embeds: merged(),
      attention_mask: inputs.given("attention_mask"),
      labels: inputs.given("labels"),
    };
    return optOutputs(scoped(builder, "language_model"), config.text_config, new Inputs(given));
  });
  const output = (path: string) => () => (language()[path] as () => Value)();
  const states = hiddenStates(config.text_config.num_hidden_layers, (index) => output(`hidden_states.${index}`)());
  return {
    loss: output("loss"),
    logits: output("logits"),
    inputs_embeds: merged,
    image_features: features,
    ...under("vision_outputs", towerOutputs(vision)),
    ...under("qformer_outputs", towerOutputs(queries)),
    ...under("language_model_outputs", { logits: output("logits"), ...states }),
  };
}

/** Without a prompt: a picture's tokens, and the start token. */
function picturePrompt(config: Config, { rows, ids, ...others }: Prompt): Prompt {
  const start = [config.text_config.bos_token_id].flat()[0] ?? 2;
  const picture = Array.from({ length: config.num_query_tokens }, () => imageToken(config));
  const settings = { eos_token_id: config.text_config.eos_token_id, pad_token_id: config.text_config.pad_token_id };
  return { rows, settings, ...others, ids: ids ?? Array.from({ length: rows }, () => [...picture, start]) };
}

const imageToken = ({ image_token_index: token, text_config }: Config): number => token ?? text_config.vocab_size - 1;

const modelInputs = ({ vision_config, text_config }: Config): Record<string, InputSpec> => ({
  ...pictureInputs(vision_config),
  input_ids: { dtype: "int64", shape: ["T", "L"], doc: "With as many picture tokens as there are queries." },
  attention_mask: { dtype: "int64", shape: ["T", "L"], optional: true },
  inputs_embeds: {
    dtype: "float32",
    shape: ["T", "L", text_config.word_embed_proj_dim ?? text_config.hidden_size],
    optional: true,
    isUncommon: true,
    doc: "What the language model reads, pictures among it, instead of pixels and tokens.",
  },
  labels: { ...(labelInputs.labels as InputSpec), shape: ["T", "L"] },
  image_features: {
    dtype: "float32",
    shape: ["B", "*", text_config.hidden_size],
    optional: true,
    doc: "What the language model reads of a picture, instead of its pixels.",
  },
});

export const blip2 = defineFamily({
  modelTypes: { "blip-2": "Blip2ForConditionalGeneration", blip_2_vision_model: "Blip2VisionModel" },
  classes: {
    Blip2ForConditionalGeneration: architecture({
      picture: ({ vision_config }) => picturesOf(vision_config, "vision_outputs.", 1),
      config,
      inputs: modelInputs,
      forward: generator,
      prompt: picturePrompt,
    }),
    Blip2VisionModel: architecture({
      picture: (read) => picturesOf(read, "", 1),
      config: towerConfig("vision_config", visionConfig),
      names: { prefixes: ["vision_model"] },
      inputs: pictureInputs,
      forward: ({ builder, config, inputs }) =>
        towerOutputs(blipVisionTower(scoped(builder, "vision_model"), config, () => inputs.need("pixel_values"))),
    }),
  },
});
