/** Qwen2 (Yang et al. 2024): LLaMA with biases in queries, keys and values, and a window in its last layers. */
import * as z from "zod";
import { architecture, defineFamily } from "./core/architecture";
import { flag, heads, positions, size, towerConfig, vocabulary } from "./core/config";
import {
  llamaCausalModel,
  llamaFields,
  languageOf,
  llamaModel,
  llamaNames as names,
  type LlamaStyle,
} from "./core/llama-layer";

const config = towerConfig(
  "text_config",
  z.object({
    ...llamaFields,
    vocab_size: vocabulary(151936),
    intermediate_size: size(22016),
    num_key_value_heads: heads(32),
    max_position_embeddings: positions(32768),
    use_sliding_window: flag(false),
    sliding_window: z.int().min(1).nullable().default(4096),
    max_window_layers: z.int().min(0).default(28),
    layer_types: z.array(z.string().max(40)).max(1024).nullish(),
  }),
);
type Config = z.output<typeof config>;

function styleOf(config: Config): LlamaStyle {
  const { use_sliding_window: isUsed, sliding_window: window, max_window_layers: first, layer_types: types } = config;
  const isLimited = (layer: number) => (types ? types[layer] === "sliding_attention" : layer >= first);
  return {
    bias: { qkv: true },
    window: (layer) => (isUsed && window !== null && isLimited(layer) ? window : undefined),
  };
}

export const qwen2Language = languageOf(config, styleOf);

export const qwen2 = defineFamily({
  modelTypes: { qwen2: "Qwen2ForCausalLM" },
  classes: {
    Qwen2Model: architecture({ config, names, ...llamaModel(styleOf) }),
    Qwen2ForCausalLM: architecture({ config, names, ...llamaCausalModel(styleOf) }),
  },
});
