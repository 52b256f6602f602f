/** GPT-2 (Radford et al. 2019): learned positions, pre-norm layers, one layer for queries, keys and values. */
import * as z from "zod";
import { widthOfHeads } from "../blocks/attention";
import { type Builder, embedding, layerNorm, linear, scoped } from "../blocks/builder";
import { causalAttention } from "../blocks/causal-attention";
import { feedForward, residualBlock } from "../blocks/transformer";
import type { Value } from "../onnx/graph";
import { architecture, defineFamily, type Forward, type Inputs, type Outputs } from "./core/architecture";
import { activation, epsilon, flag, heads, layers, positions, size, vocabulary } from "./core/config";
import {
  causalMasks,
  labelInputs,
  languageHead,
  languageInputs,
  type LanguageTower,
  languageTower,
  positionsOf,
  tokenEmbeddings,
} from "./core/language-model";

const config = z.object({
  vocab_size: vocabulary(50257),
  n_positions: positions(1024),
  n_embd: size(768),
  n_layer: layers(12),
  n_head: heads(12),
  n_inner: z
    .int()
    .min(1)
    .max(2 ** 18)
    .nullish(),
  activation_function: activation("gelu_new"),
  layer_norm_epsilon: epsilon(1e-5),
  scale_attn_weights: flag(true),
  scale_attn_by_inverse_layer_idx: flag(false),
  tie_word_embeddings: flag(true),
});
type Config = z.output<typeof config>;

function tower(root: Builder, config: Config, inputs: Inputs): LanguageTower {
  const { op } = root;
  const { n_embd: width, layer_norm_epsilon: eps } = config;
  // Its layers are Conv1D, which keep their weights as [in, out].
  const builder: Builder = { ...scoped(root, "transformer"), linearLayout: "in-out" };
  const embedded = () => {
    const tokens = tokenEmbeddings(builder, "wte", inputs, { rows: config.vocab_size, width });
    return op.Add(tokens, embedding(builder, "wpe", positionsOf(builder, inputs, tokens), config.n_positions, width));
  };
  let maskOf: ReturnType<typeof causalMasks> | undefined;
  const layer = (x: Value, index: number): Value => {
    maskOf ??= causalMasks(builder, inputs, x);
    return gpt2Layer(scoped(builder, `h.${index}`), x, config, { index, mask: maskOf(undefined) });
  };
  return languageTower(embedded, config.n_layer, layer, (x) => layerNorm(builder, "ln_f", x, eps));
}

function gpt2Layer(
  builder: Builder,
  x: Value,
  config: Config,
  { index, mask }: { index: number; mask: Value | undefined },
): Value {
  const { n_embd: width, n_head: count, layer_norm_epsilon: eps } = config;
  const headWidth = widthOfHeads(width, count);
  const share = config.scale_attn_by_inverse_layer_idx ? 1 / (index + 1) : 1;
  const scale = (config.scale_attn_weights ? headWidth ** -0.5 : 1) * share;
  return residualBlock(builder, x, {
    attention(y) {
      const inside = scoped(builder, "attn");
      const all = linear(inside, "c_attn", layerNorm(builder, "ln_1", y, eps), 3 * width);
      const third = (i: number) => builder.op.Slice(all, { starts: [i * width], ends: [(i + 1) * width], axes: [-1] });
      const spec = { heads: count, keyHeads: count, scale, mask };
      return linear(inside, "c_proj", causalAttention(builder, [third(0), third(1), third(2)], spec), width);
    },
    feedForward: (y) =>
      feedForward(scoped(builder, "mlp"), layerNorm(builder, "ln_2", y, eps), {
        hidden: config.n_inner ?? 4 * width,
        activation: config.activation_function,
        names: ["c_fc", "c_proj"],
      }),
  });
}

function model({ builder, config, inputs }: Forward<Config>): Outputs {
  const { last, states } = tower(builder, config, inputs);
  return { last_hidden_state: last, ...states };
}

function causalModel({ builder, config, inputs }: Forward<Config>): Outputs {
  const tied = config.tie_word_embeddings ? "transformer.wte.weight" : undefined;
  return languageHead(builder, inputs, tower(builder, config, inputs), { vocabulary: config.vocab_size, tied });
}

const names = {
  prefixes: ["transformer"],
  transposed: /\bh\.\d+\..*\.weight$/,
  tied: { "lm_head.weight": "transformer.wte.weight" },
};

export const gpt2 = defineFamily({
  modelTypes: { gpt2: "GPT2LMHeadModel" },
  classes: {
    GPT2Model: architecture({ config, names, inputs: ({ n_embd }) => languageInputs(n_embd), forward: model }),
    GPT2LMHeadModel: architecture({
      config,
      names,
      inputs: ({ n_embd }) => ({ ...languageInputs(n_embd), ...labelInputs }),
      forward: causalModel,
    }),
  },
});
