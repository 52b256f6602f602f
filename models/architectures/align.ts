/** ALIGN (Jia et al. 2021): an EfficientNet and a BERT that meet in one space. AlignModel and its towers alone. */
import * as z from "zod";
import { activate } from "../blocks/activation";
import { type Builder, linear, scoped } from "../blocks/builder";
import { convolutionNorm, depthwisePad, mbConv, roundedChannels } from "../blocks/efficientnet";
import { contrastiveLoss } from "../blocks/loss";
import { tokenAt } from "../blocks/tokens";
import type { Dim, Value } from "../onnx/graph";
import { bertConfig, bertInputs, bertTower } from "./bert";
import {
  architecture,
  defineFamily,
  type Forward,
  hiddenStates,
  layered,
  once,
  type Outputs,
  under,
} from "./core/architecture";
import { activation, area, epsilon, nested, size, towerConfig } from "./core/config";
import { cosines, normalized, transposed } from "./core/contrast";
import { pictureInputs, type Tower, towerOutputs } from "./core/towers";

const list = (otherwise: readonly number[], least = 1) =>
  z
    .array(
      z
        .int()
        .min(least)
        .max(2 ** 16),
    )
    .max(64)
    .default([...otherwise]);

const visionConfig = z.object({
  num_channels: size(3),
  image_size: area(600),
  width_coefficient: z.number().min(0.01).max(64).default(2),
  depth_coefficient: z.number().min(0.01).max(64).default(3.1),
  depth_divisor: size(8),
  kernel_sizes: list([3, 3, 5, 3, 5, 5, 3]),
  in_channels: list([32, 16, 24, 40, 80, 112, 192]),
  out_channels: list([16, 24, 40, 80, 112, 192, 320]),
  depthwise_padding: list([], 0),
  strides: list([1, 2, 2, 2, 1, 2, 1]),
  num_block_repeats: list([1, 2, 2, 3, 3, 4, 1]),
  expand_ratios: list([1, 6, 6, 6, 6, 6, 6]),
  squeeze_expansion_ratio: z.number().min(0.001).max(64).default(0.25),
  hidden_act: activation("swish"),
  pooling_type: z.enum(["mean", "max"]).default("mean"),
  batch_norm_eps: epsilon(0.001),
  batch_norm_momentum: z.number().min(0).max(1).default(0.99),
});
type VisionConfig = z.output<typeof visionConfig>;

const config = z.object({
  text_config: nested(bertConfig),
  vision_config: nested(visionConfig),
  projection_dim: size(640),
});

type Config = z.output<typeof config>;

/** One block of the encoder, numbered through all stages. */
interface Block {
  stage: number;
  inputs: number;
  outputs: number;
  stride: number;
  isFirst: boolean;
}

const mostBlocks = 1024;

function blocksOf(config: VisionConfig): Block[] {
  const rounded = (n: number) => roundedChannels(n * config.width_coefficient, config.depth_divisor);
  const repeatsOf = (stage: number) => Math.ceil(config.depth_coefficient * (config.num_block_repeats[stage] ?? 0));
  const total = config.in_channels.reduce((sum, _, stage) => sum + repeatsOf(stage), 0);
  if (total > mostBlocks) throw new Error(`“num_block_repeats” makes ${total} blocks, and ${mostBlocks} are the most`);
  return config.in_channels.flatMap((channels, stage) => {
    const repeats = repeatsOf(stage);
    const outputs = rounded(config.out_channels[stage] ?? 0);
    return Array.from({ length: repeats }, (_, i) => ({
      stage,
      inputs: i === 0 ? rounded(channels) : outputs,
      outputs,
      stride: i === 0 ? (config.strides[stage] ?? 1) : 1,
      isFirst: i === 0,
    }));
  });
}

function visionTower(builder: Builder, config: VisionConfig, pixels: () => Value): Tower {
  const { op } = builder;
  const blocks = blocksOf(config);
  const norm = { epsilon: config.batch_norm_eps, momentum: config.batch_norm_momentum };
  const stem = () => {
    const channels = roundedChannels(32 * config.width_coefficient, config.depth_divisor);
    const seen = convolutionNorm(scoped(builder, "embeddings"), pixels(), channels, {
      kernel: 3,
      stride: 2,
      pad: [0, 0, 1, 1],
      norm,
      names: ["convolution", "batchnorm"],
    });
    return activate(builder, config.hidden_act, seen);
  };
  const state = layered(stem, blocks.length, (x, i) =>
    visionBlock(scoped(builder, `encoder.blocks.${i}`), x, i, blocks[i] as Block, config),
  );
  const last = () => state(blocks.length);
  const pooled = once(() => {
    const axes = { axes: [2, 3], keepdims: 0 };
    return config.pooling_type === "mean" ? op.ReduceMean(last(), axes) : op.ReduceMax(last(), axes);
  });
  return { last, pooled, states: hiddenStates(blocks.length, state) };
}

function visionBlock(builder: Builder, x: Value, index: number, block: Block, config: VisionConfig): Value {
  const { stage, outputs, stride, isFirst } = block;
  const kernel = config.kernel_sizes[stage] ?? 3;
  return mbConv(builder, x, {
    kernel,
    stride,
    expand: config.expand_ratios[stage] ?? 1,
    channels: outputs,
    shortcut: stride === 1 && !isFirst,
    pad: depthwisePad(kernel, stride, config.depthwise_padding.includes(index)),
    norm: { epsilon: config.batch_norm_eps, momentum: config.batch_norm_momentum },
    activation: config.hidden_act,
    squeeze: config.squeeze_expansion_ratio,
  });
}

function bothTowers({ builder, config, inputs, options }: Forward<Config>): Outputs {
  const { op } = builder;
  const pixels = () => inputs.need("pixel_values");
  const vision = visionTower(scoped(builder, "vision_model"), config.vision_config, pixels);
  const text = bertTower(scoped(builder, "text_model"), config.text_config, inputs);
  const words = () => linear(builder, "text_projection", tokenAt(builder, text.last(), 0), config.projection_dim);
  const imageEmbeds = once(() => normalized(builder, vision.pooled()));
  const textEmbeds = once(() => normalized(builder, words()));
  const logits = once(() => {
    const temperature = builder.weight("temperature", [], { kind: "ones" });
    return op.Div(cosines(builder, textEmbeds(), imageEmbeds()), temperature);
  });
  return {
    ...(options.return_loss ? { loss: () => contrastiveLoss(builder, logits(), 0.1) } : {}),
    logits_per_image: () => transposed(builder, logits()),
    logits_per_text: logits,
    text_embeds: textEmbeds,
    image_embeds: imageEmbeds,
    ...under("text_model_output", towerOutputs(text)),
    ...under("vision_model_output", towerOutputs(vision)),
  };
}

const textInputs = Object.fromEntries(
  Object.entries(bertInputs).map(([name, spec]) => {
    const shape = spec.shape.map((d: Dim) => (d === "B" ? "T" : d));
    return [name, { ...spec, shape }];
  }),
);

export const align = defineFamily({
  modelTypes: { align: "AlignModel", align_vision_model: "AlignVisionModel", align_text_model: "AlignTextModel" },
  classes: {
    AlignModel: architecture({
      picture: ({ vision_config }) => ({ size: vision_config.image_size, states: "vision_model_output." }),
      config,
      inputs: ({ vision_config }) => ({ ...pictureInputs(vision_config), ...textInputs }),
      forward: bothTowers,
    }),
    AlignVisionModel: architecture({
      picture: ({ image_size }) => ({ size: image_size, states: "" }),
      config: towerConfig("vision_config", visionConfig),
      names: { prefixes: ["vision_model"] },
      inputs: pictureInputs,
      forward: ({ builder, config, inputs }) =>
        towerOutputs(visionTower(scoped(builder, "vision_model"), config, () => inputs.need("pixel_values"))),
    }),
    AlignTextModel: architecture({
      config: towerConfig("text_config", bertConfig),
      names: { prefixes: ["text_model"] },
      inputs: () => bertInputs,
      forward: ({ builder, config, inputs }) => towerOutputs(bertTower(scoped(builder, "text_model"), config, inputs)),
    }),
  },
});
