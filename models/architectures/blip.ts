/** BLIP (Li et al. 2022): captions, retrieval, and its picture encoder alone. */
import * as z from "zod";
import { causalAttentionMask, paddingMask, placesOf } from "../blocks/attention";
import { type Builder, linear, scoped } from "../blocks/builder";
import { cacheSizes } from "../blocks/caches";
import { lastPosition } from "../blocks/causal-attention";
import { nextTokenLoss } from "../blocks/loss";
import { tokenAt } from "../blocks/tokens";
import type { Dim, Value } from "../onnx/graph";
import {
  architecture,
  defineFamily,
  type Forward,
  type Inputs,
  type InputSpec,
  layered,
  once,
  type Outputs,
  type Prompt,
} from "./core/architecture";
import { bertEmbeddings, bertLayer, bertTransform, wordScores } from "./core/bert-layer";
import { blipVisionFields, blipVisionTower } from "./core/blip-vision";
import {
  activation,
  epsilon,
  heads,
  layers,
  nested,
  only,
  positions,
  share,
  size,
  tokenId,
  towerConfig,
  vocabulary,
  withConfigDicts,
} from "./core/config";
import { cosines, normalized } from "./core/contrast";
import { labelInputs } from "./core/language-model";
import { pictureInputs, picturesOf, type Tower, towerOutputs } from "./core/towers";

const textConfig = z.object({
  vocab_size: vocabulary(30524),
  hidden_size: size(768),
  intermediate_size: size(3072),
  num_hidden_layers: layers(12),
  num_attention_heads: heads(8),
  max_position_embeddings: positions(512),
  hidden_act: activation("gelu"),
  layer_norm_eps: epsilon(1e-12),
  label_smoothing: share(0),
  bos_token_id: tokenId.default(30522),
  eos_token_id: tokenId.default(2),
  pad_token_id: tokenId.default(0),
  sep_token_id: tokenId.default(102),
  tie_word_embeddings: only(true),
});
type TextConfig = z.output<typeof textConfig>;

const visionConfig = blipVisionFields({
  width: 768,
  hidden: 3072,
  layers: 12,
  heads: 12,
  area: 384,
  patch: 16,
  epsilon: 1e-5,
});

const config = withConfigDicts(
  z.object({
    text_config: nested(textConfig),
    vision_config: nested(visionConfig),
    image_text_hidden_size: size(256),
  }),
);
type Config = z.output<typeof config>;

interface TextSpec {
  ids: () => Value;
  padding?: Value;
  positions?: Value;
  /** Whether tokens see only those before them. */
  isCausal: boolean;
  /** What the cross-attention looks at. */
  context?: () => Value;
}

/** BERT without types, with cross-attention where there is a context. Gives its last state. */
function textModel(builder: Builder, config: TextConfig, spec: TextSpec): () => Value {
  const { ids, padding, isCausal, context } = spec;
  const mask = once(() => {
    if (!isCausal) return padding && paddingMask(builder, padding);
    if (builder.generation) return undefined;
    const length = ids().shape[1] as Dim;
    const { caches } = builder;
    if (caches) return causalAttentionMask(builder, { queries: length, keys: cacheSizes.all, past: caches.before });
    return causalAttentionMask(builder, { queries: length, keys: length, padding });
  });
  const embedded = () => {
    const positions = builder.generation?.positions ?? countedOn(builder, ids()) ?? spec.positions;
    return bertEmbeddings(scoped(builder, "embeddings"), config, { ids: ids(), positions });
  };
  const state = layered(embedded, config.num_hidden_layers, (x, i) =>
    bertLayer(scoped(builder, `encoder.layer.${i}`), x, config, { mask: mask(), isCausal, context: context?.() }),
  );
  return () => state(config.num_hidden_layers);
}

/** The places behind the tokens that came before, where keys and values of these come in: a caption has no padding. */
function countedOn(builder: Builder, ids: Value): Value | undefined {
  const { op, caches } = builder;
  const length = ids.shape[1] as Dim;
  return caches && op.Reshape(op.Add(placesOf(builder, length), caches.before), { to: [1, length] });
}

const visionOf = (builder: Builder, config: Config, inputs: Inputs): Tower =>
  blipVisionTower(scoped(builder, "vision_model"), config.vision_config, () => inputs.need("pixel_values"));

function captioner({ builder, config, inputs }: Forward<Config>): Outputs {
  const { text_config: text } = config;
  const vision = visionOf(builder, config, inputs);
  // A picture that was seen before may be given instead of its pixels.
  const context = () => inputs.given("encoder_hidden_states") ?? vision.last();
  const decoder = scoped(builder, "text_decoder");
  const last = textModel(scoped(decoder, "bert"), text, {
    ids: () => inputs.need("input_ids"),
    padding: inputs.given("attention_mask"),
    positions: inputs.given("position_ids"),
    isCausal: true,
    context,
  });
  const logits = once(() => {
    const init = { kind: "normal", std: 0.02 } as const;
    const table = decoder.weight("bert.embeddings.word_embeddings.weight", [text.vocab_size, text.hidden_size], init);
    const head = scoped(decoder, "cls.predictions");
    const bias = head.weight("bias", [text.vocab_size], { kind: "zeros" });
    return wordScores(builder, bertTransform(head, lastPosition(builder, last()), text), table, bias);
  });
  return {
    loss: () => nextTokenLoss(builder, logits(), inputs.need("labels"), text.label_smoothing),
    logits,
    image_embeds: vision.last,
    last_hidden_state: vision.last,
    ...vision.states,
  };
}

/** A caption begins with [DEC]; of a prompt that stands in its first place, and its end, [SEP], is taken away. */
function captionPrompt({ text_config: text }: Config, { rows, ids, mask }: Prompt): Prompt {
  const begin = [text.bos_token_id].flat()[0] ?? 0;
  const given = ids ?? Array.from({ length: rows }, () => [begin, 0]);
  return {
    rows,
    ids: given.map((row) => [begin, ...row.slice(1, -1)]),
    mask: mask?.map((row) => row.slice(0, -1)),
    settings: { eos_token_id: text.sep_token_id, pad_token_id: text.pad_token_id },
  };
}

function retrieval({ builder, config, inputs, options }: Forward<Config>): Outputs {
  const vision = visionOf(builder, config, inputs);
  const isMatching = options.use_itm_head !== false;
  const question = textModel(scoped(builder, "text_encoder"), config.text_config, {
    ids: () => inputs.need("input_ids"),
    padding: inputs.given("attention_mask"),
    isCausal: false,
    context: isMatching ? vision.last : undefined,
  });
  const first = (x: Value) => tokenAt(builder, x, 0);
  const project = (name: string, x: Value) =>
    normalized(builder, linear(builder, name, first(x), config.image_text_hidden_size));
  return {
    itm_score: () =>
      isMatching
        ? linear(builder, "itm_head", first(question()), 2)
        : cosines(builder, project("vision_proj", vision.last()), project("text_proj", question())),
    last_hidden_state: vision.last,
    question_embeds: question,
    ...vision.states,
  };
}

const textInputs: Record<string, InputSpec> = {
  input_ids: { dtype: "int64", shape: ["B", "L"] },
  attention_mask: { dtype: "int64", shape: ["B", "L"], optional: true },
};

const names = {
  renames: [[/\bcls\.predictions\.decoder\.bias$/, "cls.predictions.bias"]] as const,
  tied: {
    "text_decoder.bert.embeddings.word_embeddings.weight": "text_decoder.cls.predictions.decoder.weight",
  },
  copies: {
    "text_decoder.cls.predictions.decoder.weight": "text_decoder.bert.embeddings.word_embeddings.weight",
  },
};

export const blip = defineFamily({
  modelTypes: { blip: "BlipForConditionalGeneration", blip_vision_model: "BlipVisionModel" },
  classes: {
    BlipForConditionalGeneration: architecture({
      picture: ({ vision_config }) => picturesOf(vision_config, "", 1),
      config,
      names,
      inputs: ({ vision_config }) => ({
        ...pictureInputs(vision_config),
        ...textInputs,
        position_ids: { dtype: "int64", shape: ["*", "L"], optional: true },
        ...labelInputs,
        encoder_hidden_states: {
          dtype: "float32",
          shape: ["B", "*", vision_config.hidden_size],
          optional: true,
          doc: "A picture's last state, instead of its pixels.",
        },
      }),
      forward: captioner,
      prompt: captionPrompt,
    }),
    BlipForImageTextRetrieval: architecture({
      picture: ({ vision_config }) => picturesOf(vision_config, "", 1),
      config,
      names,
      inputs: ({ vision_config }) => ({ ...pictureInputs(vision_config), ...textInputs }),
      forward: retrieval,
    }),
    BlipVisionModel: architecture({
      picture: (read) => picturesOf(read, "", 1),
      config: towerConfig("vision_config", visionConfig),
      names: { prefixes: ["vision_model"] },
      inputs: pictureInputs,
      forward: ({ builder, config, inputs }) =>
        towerOutputs(blipVisionTower(scoped(builder, "vision_model"), config, () => inputs.need("pixel_values"))),
    }),
  },
});
