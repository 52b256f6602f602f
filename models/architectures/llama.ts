/** LLaMA (Touvron et al. 2023; Dubey et al. 2024), and what is saved as such: SmolLM2, TinyLlama, Vicuna. */
import * as z from "zod";
import { architecture, defineFamily } from "./core/architecture";
import { flag, towerConfig } from "./core/config";
import { llamaCausalModel, llamaFields, languageOf, llamaModel, llamaNames as names } from "./core/llama-layer";

const config = towerConfig(
  "text_config",
  z.object({ ...llamaFields, attention_bias: flag(false), mlp_bias: flag(false) }),
);
type Config = z.output<typeof config>;

const styleOf = ({ attention_bias: has, mlp_bias: mlp }: Config) => ({ bias: { qkv: has, out: has, mlp } });

export const llamaLanguage = languageOf(config, styleOf);

export const llama = defineFamily({
  modelTypes: { llama: "LlamaForCausalLM" },
  classes: {
    LlamaModel: architecture({ config, names, ...llamaModel(styleOf) }),
    LlamaForCausalLM: architecture({ config, names, ...llamaCausalModel(styleOf) }),
  },
});
