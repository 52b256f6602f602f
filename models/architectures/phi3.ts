/** Phi-3 (Abdin et al. 2024): LLaMA whose projections are packed: [q; k; v] and [gate; up]. */
import * as z from "zod";
import { architecture, defineFamily } from "./core/architecture";
import { epsilon, positions, size, towerConfig, vocabulary } from "./core/config";
import { llamaCausalModel, llamaFields, llamaModel, llamaNames as names } from "./core/llama-layer";

const config = towerConfig(
  "text_config",
  z.object({
    ...llamaFields,
    vocab_size: vocabulary(32064),
    hidden_size: size(3072),
    intermediate_size: size(8192),
    max_position_embeddings: positions(4096),
    rms_norm_eps: epsilon(1e-5),
    sliding_window: z.int().min(1).nullish(),
  }),
);
type Config = z.output<typeof config>;

const styleOf = ({ sliding_window: window }: Config) => ({ isPacked: true, window: () => window ?? undefined });

export const phi3 = defineFamily({
  modelTypes: { phi3: "Phi3ForCausalLM" },
  classes: {
    Phi3Model: architecture({ config, names, ...llamaModel(styleOf) }),
    Phi3ForCausalLM: architecture({ config, names, ...llamaCausalModel(styleOf) }),
  },
});
