/** ResNet (He et al. 2015): ResNetModel, of basic and of bottleneck layers, and its classifier. */
import * as z from "zod";
import { type ActivationName, activate } from "../blocks/activation";
import { type Builder, linear, scoped } from "../blocks/builder";
import { batchNorm, convolution } from "../blocks/convolution";
import type { Dim, Value } from "../onnx/graph";
import {
  architecture,
  defineFamily,
  type Forward,
  hiddenStates,
  type Inputs,
  layered,
  once,
  type Outputs,
} from "./core/architecture";
import { classifierLoss, labelInput } from "./core/classifier";
import { activation, depths, flag, labelCount, labels, size } from "./core/config";
import { pictureInputs, type Tower } from "./core/towers";

const config = z.object({
  num_channels: size(3),
  embedding_size: size(64),
  hidden_sizes: z.array(size(256)).min(1).max(64).default([256, 512, 1024, 2048]),
  depths: depths([3, 4, 6, 3]),
  layer_type: z.enum(["basic", "bottleneck"]).default("bottleneck"),
  hidden_act: activation("relu"),
  downsample_in_first_stage: flag(false),
  downsample_in_bottleneck: flag(false),
  ...labels,
});
type Config = z.output<typeof config>;

interface UnitSpec {
  channels: number;
  kernel: number;
  stride?: number;
  activation?: ActivationName;
}

/** A convolution without bias, its batch norm, and an activation where one is named. */
function unit(builder: Builder, x: Value, { channels, kernel, stride = 1, activation }: UnitSpec): Value {
  const pad = Math.floor(kernel / 2);
  const seen = convolution(builder, "convolution", x, channels, { kernel, stride, pad, bias: false });
  const normed = batchNorm(builder, "normalization", seen);
  return activation ? activate(builder, activation, normed) : normed;
}

/** Of the units in a layer all but the last have relu, whatever the configuration says: so has transformers. */
const inner: ActivationName = "relu";

function layer(builder: Builder, x: Value, channels: number, stride: number, config: Config): Value {
  const units = config.layer_type === "basic" ? basic(channels, stride) : bottleneck(channels, stride, config);
  let inside = x;
  for (const [i, spec] of units.entries()) inside = unit(scoped(builder, `layer.${i}`), inside, spec);
  const isChanged = x.shape[1] !== channels || stride !== 1;
  const around = isChanged ? unit(scoped(builder, "shortcut"), x, { channels, kernel: 1, stride }) : x;
  return activate(builder, config.hidden_act, builder.op.Add(inside, around));
}

function basic(channels: number, stride: number): UnitSpec[] {
  return [
    { channels, kernel: 3, stride, activation: inner },
    { channels, kernel: 3 },
  ];
}

function bottleneck(channels: number, stride: number, { downsample_in_bottleneck: early }: Config): UnitSpec[] {
  const narrow = Math.floor(channels / 4);
  return [
    { channels: narrow, kernel: 1, stride: early ? stride : 1, activation: inner },
    { channels: narrow, kernel: 3, stride: early ? 1 : stride, activation: inner },
    { channels, kernel: 1 },
  ];
}

function stem(root: Builder, pixels: Value, config: Config): Value {
  const builder = scoped(root, "embedder.embedder");
  const seen = unit(builder, pixels, {
    channels: config.embedding_size,
    kernel: 7,
    stride: 2,
    activation: config.hidden_act,
  });
  return builder.op.MaxPool(seen, { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
}

function stage(builder: Builder, x: Value, index: number, config: Config): Value {
  const stride = index > 0 || config.downsample_in_first_stage ? 2 : 1;
  const channels = config.hidden_sizes[index] as number;
  let map = x;
  for (let i = 0; i < (config.depths[index] ?? 0); i++)
    map = layer(scoped(builder, `layers.${i}`), map, channels, i === 0 ? stride : 1, config);
  return map;
}

function tower(builder: Builder, config: Config, inputs: Inputs): Tower {
  const count = Math.min(config.hidden_sizes.length, config.depths.length);
  const state = layered(
    () => stem(builder, inputs.need("pixel_values"), config),
    count,
    (x, i) => stage(scoped(builder, `encoder.stages.${i}`), x, i, config),
  );
  const last = () => state(count);
  const pooled = once(() => builder.op.ReduceMean(last(), { axes: [2, 3] }));
  return { last, pooled, states: hiddenStates(count, state) };
}

function model({ builder, config, inputs }: Forward<Config>): Outputs {
  const { last, pooled, states } = tower(builder, config, inputs);
  return { last_hidden_state: last, pooler_output: pooled, ...states };
}

function classifier({ builder, config, inputs }: Forward<Config>): Outputs {
  const { pooled, states } = tower(scoped(builder, "resnet"), config, inputs);
  const logits = once(() => {
    const [batch, channels] = pooled().shape as [Dim, number];
    const flat = builder.op.Reshape(pooled(), { to: [batch, channels] });
    return linear(builder, "classifier.1", flat, labelCount(config));
  });
  return { loss: () => classifierLoss(builder, config, logits(), inputs.need("labels")), logits, ...states };
}

const names = { prefixes: ["resnet"] };

export const resnet = defineFamily({
  modelTypes: { resnet: "ResNetModel" },
  classes: {
    ResNetModel: architecture({
      picture: () => ({ size: [224, 224], states: "" }),
      config,
      names,
      inputs: pictureInputs,
      forward: model,
    }),
    ResNetForImageClassification: architecture({
      picture: () => ({ size: [224, 224], states: "" }),
      config,
      names,
      inputs: (read) => ({ ...pictureInputs(read), labels: labelInput }),
      forward: classifier,
    }),
  },
});
