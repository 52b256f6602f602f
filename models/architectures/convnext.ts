/** ConvNeXt (Liu et al. 2022): ConvNextModel and its classifier. */
import * as z from "zod";
import { type Builder, scoped } from "../blocks/builder";
import { convNextPool, convNextStage, convNextStem } from "../blocks/convnext";
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
import { classifierOutputs, labelInput } from "./core/classifier";
import { activation, area, depths, epsilon, labels, size } from "./core/config";
import { pictureInputs, type Tower } from "./core/towers";

const config = z.object({
  num_channels: size(3),
  patch_size: area(4),
  num_stages: z.int().min(1).max(64).default(4),
  hidden_sizes: z.array(size(96)).min(1).max(64).default([96, 192, 384, 768]),
  depths: depths([3, 3, 9, 3]),
  hidden_act: activation("gelu"),
  layer_norm_eps: epsilon(1e-12),
  layer_scale_init_value: z.number().default(1e-6),
  image_size: area(224),
  ...labels,
});
type Config = z.output<typeof config>;

function tower(builder: Builder, config: Config, inputs: Inputs): Tower {
  const { hidden_sizes: widths, depths, num_stages: count } = config;
  const spec = { activation: config.hidden_act, layerScale: config.layer_scale_init_value };
  const state = layered(
    () => convNextStem(builder, inputs.need("pixel_values"), widths[0] as number, config.patch_size[0]),
    count,
    (x, i) =>
      convNextStage(scoped(builder, `encoder.stages.${i}`), x, {
        ...spec,
        channels: at(widths, i, "hidden_sizes"),
        blocks: at(depths, i, "depths"),
        halves: i > 0,
      }),
  );
  const last = () => state(count);
  const pooled = once(() => convNextPool(builder, last(), config.layer_norm_eps));
  return { last, pooled, states: hiddenStates(count, state) };
}

function at(list: readonly number[], index: number, field: string): number {
  const value = list[index];
  if (value === undefined) throw new Error(`“${field}” names ${list.length} stages, and there are more`);
  return value;
}

function model({ builder, config, inputs }: Forward<Config>): Outputs {
  const { last, pooled, states } = tower(builder, config, inputs);
  return { last_hidden_state: last, pooler_output: pooled, ...states };
}

function classifier({ builder, config, inputs }: Forward<Config>): Outputs {
  const { pooled, states } = tower(scoped(builder, "convnext"), config, inputs);
  return { ...classifierOutputs(builder, config, inputs, pooled), ...states };
}

const names = { prefixes: ["convnext"] };

export const convnext = defineFamily({
  modelTypes: { convnext: "ConvNextModel" },
  classes: {
    ConvNextModel: architecture({
      picture: ({ image_size }) => ({ size: image_size, states: "" }),
      config,
      names,
      inputs: pictureInputs,
      forward: model,
    }),
    ConvNextForImageClassification: architecture({
      picture: ({ image_size }) => ({ size: image_size, states: "" }),
      config,
      names,
      inputs: (read) => ({ ...pictureInputs(read), labels: labelInput }),
      forward: classifier,
    }),
  },
});
