/** CLIP's towers, both and the picture's alone, and ALIGN. */
import type { HubConfig, Published, Tensors } from "./model";

const towers = ({ vision_config: vision, text_config: text, projection_dim: embed }: HubConfig) => ({
  image: vision.image_size,
  patch: vision.patch_size,
  width: vision.hidden_size,
  layers: vision.num_hidden_layers,
  heads: vision.num_attention_heads,
  text_width: text.hidden_size,
  text_layers: text.num_hidden_layers,
  text_heads: text.num_attention_heads,
  context: text.max_position_embeddings,
  vocabulary: text.vocab_size,
  embed,
});

const block = (config: HubConfig) => ({
  mlpRatio: config.intermediate_size / config.hidden_size,
  activation: config.hidden_act,
  epsilon: config.layer_norm_eps,
});

/** States of the text behind its end are left out: there the port masks padding, and the authors do not. */
export const both: Published = {
  className: "CLIPModel",
  template: "clip-vit-train",
  constants: towers,
  params: ({ vision_config: vision, text_config: text }, { kwargs }) => ({
    "model.vision-transformer": {
      ...block(vision),
      ...(kwargs?.interpolate_pos_encoding ? { size: vision.image_size } : {}),
    },
    "model.text-transformer": block(text),
  }),
  given: { pixel_values: "clip/image/normalize.pixels", input_ids: "clip/text/tokenize.ids" },
  outputs: {
    image_embeds: "clip/image_norm.embedding",
    text_embeds: "clip/text_norm.embedding",
    logits_per_image: "clip/scorer.logits",
    "vision_model_output.last_hidden_state": "clip/image/encoder.tokens",
    loss: "loss.loss",
  },
};

export const vision: Published = {
  className: "CLIPVisionModel",
  template: "clip-vit-train",
  constants: (config) => ({
    image: config.image_size,
    patch: config.patch_size,
    width: config.hidden_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
  }),
  params: (config) => ({ "model.vision-transformer": block(config) }),
  given: { pixel_values: "clip/image/normalize.pixels" },
  outputs: { last_hidden_state: "clip/image/encoder.tokens", pooler_output: "clip/image/encoder.features" },
};

/** The blocks of an EfficientNet, from the shapes of its tensors and the strides of its stages. */
function blocksText({ strides, num_block_repeats: repeats }: HubConfig, weights: Tensors): string {
  const places = (strides as number[]).flatMap((stride, stage) =>
    Array.from({ length: Math.ceil(repeats[stage]) }, (_, i) => ({ stride: i ? 1 : stride, isFirst: i === 0 })),
  );
  return places
    .map(({ stride, isFirst }, i) => {
      const shapeOf = (name: string) => weights[`vision_model.encoder.blocks.${i}.${name}.weight`]?.shape;
      const [wide = 0, , kernel] = shapeOf("depthwise_conv.depthwise_conv") as number[];
      const inputs = shapeOf("expansion.expand_conv")?.[1] ?? wide;
      const outputs = shapeOf("projection.project_conv")?.[0];
      const expand = wide / (inputs as number);
      return `r1_k${kernel}_s${stride}${stride}_e${expand}_i${inputs}_o${outputs}_se0.25${isFirst ? "_noskip" : ""}`;
    })
    .join(", ");
}

export const align: Published = {
  className: "AlignModel",
  template: "align-train",
  constants: ({ vision_config: vision, text_config: text, projection_dim: embed }, weights) => ({
    image: vision.image_size,
    stem: weights["vision_model.embeddings.convolution.weight"]?.shape[0] as number,
    blocks: blocksText(vision, weights),
    even_padding: vision.depthwise_padding.join(", "),
    embed,
    text_width: text.hidden_size,
    text_layers: text.num_hidden_layers,
    text_heads: text.num_attention_heads,
    positions: text.max_position_embeddings,
    vocabulary: text.vocab_size,
  }),
  params: ({ vision_config: vision, text_config: text }) => ({
    "model.efficientnet": { activation: vision.hidden_act, epsilon: vision.batch_norm_eps },
    "model.bert": block(text),
  }),
  given: {
    pixel_values: "align/image/normalize.pixels",
    input_ids: "align/text/tokenize.ids",
    attention_mask: "align/text/tokenize.mask",
  },
  outputs: {
    image_embeds: "align/image_norm.embedding",
    text_embeds: "align/text_norm.embedding",
    logits_per_image: "align/scorer.logits",
    "text_model_output.last_hidden_state": "align/text/encoder.hidden",
    loss: "loss.loss",
  },
};
