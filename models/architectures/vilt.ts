/** ViLT (Kim et al. 2021): words and patches in one encoder. ViltModel, masked words, question answering, retrieval. */
import * as z from "zod";
import { paddingMask } from "../blocks/attention";
import { type Builder, layerNorm, linear, scoped } from "../blocks/builder";
import { binaryCrossEntropyLoss, tokenLoss } from "../blocks/loss";
import { type Grid, gridOf } from "../blocks/patches";
import { patchesInside, stretchedPositions } from "../blocks/picture-grids";
import { prependToken } from "../blocks/tokens";
import type { Dim, Value } from "../onnx/graph";
import {
  architecture,
  defineFamily,
  type Forward,
  hiddenStates,
  type Inputs,
  type InputSpec,
  layered,
  once,
  type Outputs,
} from "./core/architecture";
import { bertEmbeddings, bertPooler, bertTransform, wordScores } from "./core/bert-layer";
import { activation, area, epsilon, flag, heads, labelCount, labels, layers, positions, size } from "./core/config";
import { vocabulary } from "./core/config";
import { pictureInputs, type Tower } from "./core/towers";
import { vitPatches } from "./core/vit-embeddings";
import { vitLayer } from "./core/vit-layer";

const config = z.object({
  vocab_size: vocabulary(30522),
  type_vocab_size: size(2),
  modality_type_vocab_size: size(2),
  max_position_embeddings: positions(40),
  hidden_size: size(768),
  num_hidden_layers: layers(12),
  num_attention_heads: heads(12),
  intermediate_size: size(3072),
  hidden_act: activation("gelu"),
  layer_norm_eps: epsilon(1e-12),
  image_size: area(384),
  patch_size: area(32),
  num_channels: size(3),
  qkv_bias: flag(true),
  ...labels,
});
type Config = z.output<typeof config>;

/** Words first, then the patches row by row, of which those outside of a picture are masked. */
function tower(builder: Builder, config: Config, inputs: Inputs): Tower {
  const count = config.num_hidden_layers;
  const embeddings = scoped(builder, "embeddings");
  const picture = once(() => pictureTokens(embeddings, config, inputs));
  const embedded = () => {
    const words = bertEmbeddings(scoped(embeddings, "text_embeddings"), config, {
      ids: inputs.need("input_ids"),
      types: inputs.given("token_type_ids"),
    });
    return builder.op.Concat(
      builder.op.Add(words, modality(embeddings, config, 0)),
      builder.op.Add(picture().tokens, modality(embeddings, config, 1)),
      { axis: 1 },
    );
  };
  const mask = once(() => maskOf(builder, inputs, picture().mask));
  const state = layered(embedded, count, (x, i) => vitLayer(scoped(builder, `encoder.layer.${i}`), x, config, mask()));
  const last = once(() => layerNorm(builder, "layernorm", state(count), config.layer_norm_eps));
  return { last, pooled: once(() => bertPooler(builder, last())), states: hiddenStates(count, state) };
}

/** What tells words (0) from pictures (1). → float32 [1, D]. */
function modality(builder: Builder, config: Config, kind: number): Value {
  const shape = [config.modality_type_vocab_size, config.hidden_size];
  const table = builder.weight("token_type_embeddings.weight", shape, { kind: "normal", std: 0.02 });
  return builder.op.Slice(table, { starts: [kind], ends: [kind + 1], axes: [0] });
}

function maskOf(builder: Builder, inputs: Inputs, picture: Value): Value {
  const { op, graph } = builder;
  const [batch, length] = inputs.need("input_ids").shape as [Dim, Dim];
  const words = inputs.given("attention_mask") ?? op.Expand(graph.constant([1], "int64"), { to: [batch, length] });
  return paddingMask(builder, op.Concat(words, picture, { axis: 1 }));
}

/** The class token and all patches of a grid, with a mask of those that lie in the picture. */
function pictureTokens(builder: Builder, config: Config, inputs: Inputs): { tokens: Value; mask: Value } {
  const { op, graph } = builder;
  const pixels = inputs.need("pixel_values");
  const grid = gridOf(pixels.shape.slice(2), config.patch_size);
  const [batch] = pixels.shape as [Dim];
  const inside = gridMask(builder, inputs.given("pixel_mask"), pixels, grid);
  const width = config.hidden_size;
  const from = gridOf(config.image_size, config.patch_size);
  const shape = [1, 1 + from[0] * from[1], width];
  const table = builder.weight("position_embeddings", shape, { kind: "normal", std: 0.02 });
  const cut = (start: number, end: number) => op.Slice(table, { starts: [start], ends: [end], axes: [1] });
  const learned = op.Reshape(cut(1, shape[1] as number), { to: [...from, width] });
  const placed = op.Add(vitPatches(builder, config, pixels), stretchedPositions(builder, learned, from, inside));
  const tokens = prependToken(builder, "cls_token", placed);
  const first = op.Pad(cut(0, 1), { pads: [0, 0, 0, 0, grid[0] * grid[1], 0] });
  const always = op.Expand(graph.constant([1], "int64"), { to: [batch, 1] });
  const flat = op.Reshape(inside, { to: [batch, grid[0] * grid[1]] });
  return { tokens: op.Add(tokens, first), mask: op.Concat(always, flat, { axis: 1 }) };
}

/** Which patches lie in the picture. → int64 [B, rows, columns]. */
function gridMask(builder: Builder, mask: Value | undefined, pixels: Value, grid: Grid): Value {
  const { op, graph } = builder;
  const [batch] = pixels.shape as [Dim];
  if (!mask) return op.Expand(graph.constant([1], "int64"), { to: [batch, ...grid] });
  return patchesInside(builder, mask, grid);
}

function model({ builder, config, inputs }: Forward<Config>): Outputs {
  const { last, pooled, states } = tower(builder, config, inputs);
  return { last_hidden_state: last, pooler_output: pooled, ...states };
}

function maskedWords({ builder, config, inputs }: Forward<Config>): Outputs {
  const { op } = builder;
  const { last, states } = tower(scoped(builder, "vilt"), config, inputs);
  const logits = once(() => {
    const length = inputs.need("input_ids").shape[1] as number;
    const words = op.Slice(last(), { starts: [0], ends: [length], axes: [1] });
    const shape = [config.vocab_size, config.hidden_size];
    const name = "vilt.embeddings.text_embeddings.word_embeddings.weight";
    const table = builder.weight(name, shape, { kind: "normal", std: 0.02 });
    const head = scoped(builder, "mlm_score");
    const bias = head.weight("bias", [config.vocab_size], { kind: "zeros" });
    return wordScores(builder, bertTransform(head, words, config), table, bias);
  });
  return { loss: () => tokenLoss(builder, logits(), inputs.need("labels")), logits, ...states };
}

function answers({ builder, config, inputs }: Forward<Config>): Outputs {
  const { op, constant } = builder;
  const { pooled, states } = tower(scoped(builder, "vilt"), config, inputs);
  const count = labelCount(config);
  const logits = once(() => {
    const head = scoped(builder, "classifier");
    const wide = layerNorm(head, "1", linear(head, "0", pooled(), 2 * config.hidden_size));
    return linear(head, "3", op.Gelu(wide), count);
  });
  const loss = () => op.Mul(binaryCrossEntropyLoss(builder, logits(), inputs.need("labels")), constant([count]));
  return { loss, logits, ...states };
}

/** Whether picture and text belong together. */
function retrieval({ builder, config, inputs }: Forward<Config>): Outputs {
  const { pooled, states } = tower(scoped(builder, "vilt"), config, inputs);
  return { logits: () => linear(builder, "rank_output", pooled(), 1), ...states };
}

const modelInputs = (read: Config): Record<string, InputSpec> => ({
  input_ids: { dtype: "int64", shape: ["B", "L"] },
  attention_mask: { dtype: "int64", shape: ["B", "L"], optional: true },
  token_type_ids: { dtype: "int64", shape: ["B", "L"], optional: true },
  ...pictureInputs(read),
  pixel_mask: { dtype: "int64", shape: ["B", "H", "W"], optional: true },
});

const names = {
  prefixes: ["vilt"],
  renames: [[/^mlm_score\.decoder\.bias$/, "mlm_score.bias"]] as const,
};

/** transformers 4 and 5 each leave one of the head's biases unread. */
const maskedWordNames = {
  ...names,
  copies: {
    "mlm_score.decoder.bias": "mlm_score.bias",
    "mlm_score.decoder.weight": "vilt.embeddings.text_embeddings.word_embeddings.weight",
  },
};

export const vilt = defineFamily({
  modelTypes: { vilt: "ViltModel" },
  classes: {
    ViltModel: architecture({
      picture: (read) => ({ size: read.image_size, patch: read.patch_size }),
      config,
      names,
      inputs: modelInputs,
      forward: model,
    }),
    ViltForMaskedLM: architecture({
      picture: (read) => ({ size: read.image_size, patch: read.patch_size }),
      config,
      names: maskedWordNames,
      inputs: (read) => ({ ...modelInputs(read), labels: { dtype: "int64", shape: ["B", "L"], optional: true } }),
      forward: maskedWords,
    }),
    ViltForQuestionAnswering: architecture({
      picture: (read) => ({ size: read.image_size, patch: read.patch_size }),
      config,
      names,
      inputs: (read) => ({
        ...modelInputs(read),
        labels: { dtype: "float32", shape: ["B", labelCount(read)], optional: true },
      }),
      forward: answers,
    }),
    ViltForImageAndTextRetrieval: architecture({
      picture: (read) => ({ size: read.image_size, patch: read.patch_size }),
      config,
      names,
      inputs: modelInputs,
      forward: retrieval,
    }),
  },
});
