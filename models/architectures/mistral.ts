/** Mistral 7B (Jiang et al. 2023): LLaMA whose positions see a window. */
import * as z from "zod";
import { architecture, defineFamily } from "./core/architecture";
import { heads, positions, size, towerConfig } from "./core/config";
import { llamaCausalModel, llamaFields, languageOf, llamaModel, llamaNames as names } from "./core/llama-layer";

const config = towerConfig(
  "text_config",
  z.object({
    ...llamaFields,
    intermediate_size: size(14336),
    num_key_value_heads: heads(8),
    max_position_embeddings: positions(131072),
    sliding_window: z.int().min(1).nullable().default(4096),
  }),
);
type Config = z.output<typeof config>;

const styleOf = ({ sliding_window: window }: Config) => ({ window: () => window ?? undefined });

export const mistralLanguage = languageOf(config, styleOf);

export const mistral = defineFamily({
  modelTypes: { mistral: "MistralForCausalLM" },
  classes: {
    MistralModel: architecture({ config, names, ...llamaModel(styleOf) }),
    MistralForCausalLM: architecture({ config, names, ...llamaCausalModel(styleOf) }),
  },
});
