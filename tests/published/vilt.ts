/** ViLT that fills masked words in, and that answers questions. */
import type { Tensor } from "#nodes/core/values";
import type { HubConfig, Published, Tensors } from "./model";

const sizes = (config: HubConfig) => ({
  patch: config.patch_size,
  shorter: config.patch_size,
  canvas: 4 * config.patch_size,
  canvas_patches: 16,
  patches: 1000,
  grid: config.image_size / config.patch_size,
  width: config.hidden_size,
  layers: config.num_hidden_layers,
  heads: config.num_attention_heads,
  vocabulary: config.vocab_size,
  text_length: config.max_position_embeddings,
});

/** What its feed-forward layers and norms differ in. */
const layer = (config: HubConfig) => ({ activation: config.hidden_act, epsilon: config.layer_norm_eps });

const params = (config: HubConfig) => ({
  "model.timm-encoder": {
    qkvBias: config.qkv_bias,
    mlpRatio: config.intermediate_size / config.hidden_size,
    ...layer(config),
  },
  "model.text-embeddings": { epsilon: config.layer_norm_eps },
  "model.word-head": layer(config),
});

/** Patches of all pictures, those that are none of a picture behind the others; the mask hides them. */
function allPatches({ pixel_mask: mask }: Tensors, { patch_size: side }: HubConfig): Tensor {
  const { shape, data } = mask as Tensor;
  const [rows, height, width] = shape as [number, number, number];
  const [down, across] = [height / side, width / side];
  const chosen = Array.from({ length: rows }, (_, row) => {
    const patches = Array.from({ length: down * across }, (__, i) => i);
    const isReal = (i: number) => {
      const y = Math.floor(i / across) * side;
      return Number(data[(row * height + y) * width + (i % across) * side]) === 1;
    };
    return [...patches.filter(isReal), ...patches.filter((i) => !isReal(i))];
  });
  return {
    dtype: "int64",
    shape: [rows, down * across],
    data: BigInt64Array.from(chosen.flat(), (i) => BigInt(i)),
  };
}

export const words: Published = {
  className: "ViltForMaskedLM",
  template: "vilt",
  constants: sizes,
  params,
  given: {
    input_ids: ["mask_words.ids", "tokenize.ids"],
    attention_mask: "tokenize.mask",
    pixel_values: "resize.pixels",
    chosen: "chosen.chosen",
    labels: "mask_words.labels",
  },
  made: (inputs, config) => ({ chosen: allPatches(inputs, config) }),
  outputs: { logits: "word_head.logits", loss: "mlm.loss" },
};

/** The head of answers, which the template has none of: linear, norm, GELU, linear. */
function answers([pooled]: readonly Tensor[], weights: Tensors): Tensor {
  const { shape, data } = pooled as Tensor;
  const [rows, width] = shape as [number, number];
  const scores = Array.from({ length: rows }, (_, row) => {
    const x = Array.from(data.subarray(row * width, (row + 1) * width), Number);
    const hidden = normed(linear(x, weights, "vqa_classifier.0"), weights, "vqa_classifier.1");
    return linear(hidden.map(gelu), weights, "vqa_classifier.3");
  });
  const flat = Float32Array.from(scores.flat());
  return { dtype: "float32", shape: [rows, flat.length / rows], data: flat };
}

const numbers = (weights: Tensors, name: string) => Array.from(weights[name]?.data as Float32Array);

function linear(x: readonly number[], weights: Tensors, name: string): number[] {
  const matrix = numbers(weights, `${name}.weight`);
  const dot = (row: number) => x.reduce((sum, value, i) => sum + value * (matrix[row * x.length + i] ?? 0), 0);
  return numbers(weights, `${name}.bias`).map((bias, row) => bias + dot(row));
}

function normed(x: readonly number[], weights: Tensors, name: string): number[] {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  const [scale, bias] = [numbers(weights, `${name}.weight`), numbers(weights, `${name}.bias`)];
  return x.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * (scale[i] ?? 0) + (bias[i] ?? 0));
}

/** Exact to 1.5e-7 (Abramowitz & Stegun 7.1.26). */
function gelu(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].reduce((sum, a) => sum * t + a, 0);
  const erf = 1 - series * t * Math.exp(-z * z);
  return (x / 2) * (1 + Math.sign(x) * erf);
}

export const questions: Published = {
  className: "ViltForQuestionAnswering",
  template: "vilt",
  constants: sizes,
  params,
  given: {
    input_ids: "tokenize.ids",
    attention_mask: "tokenize.mask",
    pixel_values: "pictures.rows",
    chosen: "chosen_matching.chosen",
  },
  made: words.made,
  outputs: { logits: { wires: ["pooler.pooled"], of: answers } },
};
