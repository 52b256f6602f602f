/** BLIP that writes captions, and that finds pictures. */
import type { Tensor } from "#nodes/core/values";
import type { HubConfig, Published } from "./model";

const sizes = ({ vision_config: vision, text_config: text, image_text_hidden_size: embed }: HubConfig) => ({
  patch: vision.patch_size,
  vision_width: vision.hidden_size,
  vision_layers: vision.num_hidden_layers,
  vision_heads: vision.num_attention_heads,
  text_width: text.hidden_size,
  text_layers: text.num_hidden_layers,
  text_heads: text.num_attention_heads,
  positions: text.max_position_embeddings,
  vocabulary: text.vocab_size,
  embed,
});

/** What its feed-forward layers and norms differ in. */
const layer = (config: HubConfig) => ({ activation: config.hidden_act, epsilon: config.layer_norm_eps });

const params = ({ vision_config: vision, text_config: text }: HubConfig) => ({
  "model.timm-vit": {
    mlpRatio: vision.intermediate_size / vision.hidden_size,
    ...layer(vision),
  },
  "model.bert": { mlpRatio: text.intermediate_size / text.hidden_size, ...layer(text) },
  "model.word-head": layer(text),
  "loss.causal-lm": { smoothing: text.label_smoothing ?? 0 },
});

export const caption: Published = {
  className: "BlipForConditionalGeneration",
  template: "blip-pretrain",
  constants: sizes,
  params,
  given: {
    pixel_values: "pairs/normalize.pixels",
    input_ids: "dec.ids",
    attention_mask: "pairs/tokenize.mask",
    labels: "dec.labels",
  },
  outputs: {
    logits: "captioner/head.logits",
    image_embeds: "student_towers/vision.tokens",
    loss: "lm.loss",
  },
};

const one = (length: number): Tensor => ({
  dtype: "int64",
  shape: [length],
  data: BigInt64Array.from({ length }, () => 0n),
});

const retrieval: Omit<Published, "given" | "outputs"> = {
  className: "BlipForImageTextRetrieval",
  template: "blip-pretrain",
  constants: sizes,
  params,
};

/** Which texts and pictures are drawn as others says nothing of the first rows, which are the pairs as they came. */
export const matching: Published = {
  ...retrieval,
  isOf: ({ kwargs }) => kwargs?.use_itm_head !== false,
  given: {
    pixel_values: "pairs/normalize.pixels",
    input_ids: "enc.ids",
    attention_mask: "pairs/tokenize.mask",
    others: ["other_image.index", "other_text.index"],
  },
  made: ({ input_ids: ids }) => ({ others: one(ids?.shape[0] ?? 0) }),
  outputs: {
    itm_score: { wires: ["matching/head.features"], of: firstThird },
    question_embeds: { wires: ["matching/encoder.hidden"], of: firstThird },
    last_hidden_state: "student_towers/vision.tokens",
  },
};

export const contrast: Published = {
  ...retrieval,
  isOf: ({ kwargs }) => kwargs?.use_itm_head === false,
  given: {
    pixel_values: "pairs/normalize.pixels",
    input_ids: "pairs/tokenize.ids",
    attention_mask: "pairs/tokenize.mask",
  },
  outputs: {
    itm_score: { wires: ["student_towers/image_norm.embedding", "student_towers/text_norm.embedding"], of: cosines },
  },
};

function firstThird([all]: readonly Tensor[]): Tensor {
  const { dtype, shape, data } = all as Tensor;
  const [rows = 0, ...row] = shape as number[];
  return { dtype, shape: [rows / 3, ...row], data: data.slice(0, data.length / 3) } as Tensor;
}

function cosines([images, texts]: readonly Tensor[]): Tensor {
  const [a, b] = [images, texts] as [Tensor, Tensor];
  const [rows, width] = a.shape as [number, number];
  const columns = b.shape[0] as number;
  const dot = (i: number, j: number) =>
    Array.from({ length: width }, (_, k) => Number(a.data[i * width + k]) * Number(b.data[j * width + k])).reduce(
      (sum, x) => sum + x,
      0,
    );
  const data = Float32Array.from({ length: rows * columns }, (_, i) => dot(Math.floor(i / columns), i % columns));
  return { dtype: "float32", shape: [rows, columns], data };
}
