/** BERT (Devlin et al. 2019): BertModel, masked words, and the classifier of texts. */
import * as z from "zod";
import { paddingMask } from "../blocks/attention";
import { type Builder, scoped } from "../blocks/builder";
import { tokenLoss } from "../blocks/loss";
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
import { bertEmbeddings, bertLayer, bertPooler, bertTransform, wordScores } from "./core/bert-layer";
import { classifierOutputs, labelInput } from "./core/classifier";
import { activation, epsilon, flag, heads, labels, layers, only, positions, size, vocabulary } from "./core/config";
import type { Tower } from "./core/towers";

export const bertConfig = z.object({
  vocab_size: vocabulary(30522),
  hidden_size: size(768),
  num_hidden_layers: layers(12),
  num_attention_heads: heads(12),
  intermediate_size: size(3072),
  hidden_act: activation("gelu"),
  max_position_embeddings: positions(512),
  type_vocab_size: size(2),
  layer_norm_eps: epsilon(1e-12),
  position_embedding_type: only("absolute"),
  is_decoder: only(false),
});
const config = z.object({ ...bertConfig.shape, tie_word_embeddings: flag(true), ...labels });
export type BertConfig = z.output<typeof bertConfig>;
type Config = z.output<typeof config>;

export const bertInputs: Record<string, InputSpec> = {
  input_ids: { dtype: "int64", shape: ["B", "L"] },
  attention_mask: { dtype: "int64", shape: ["B", "L"], optional: true },
  token_type_ids: { dtype: "int64", shape: ["B", "L"], optional: true },
  position_ids: { dtype: "int64", shape: ["*", "L"], optional: true },
};

/** BERT's encoder; `pooled` is the tanh of a linear layer on its first token. */
export function bertTower(builder: Builder, config: BertConfig, inputs: Inputs): Tower {
  const count = config.num_hidden_layers;
  const given = inputs.given("attention_mask");
  const mask = given && paddingMask(builder, given);
  const state = layered(
    () =>
      bertEmbeddings(scoped(builder, "embeddings"), config, {
        ids: inputs.need("input_ids"),
        types: inputs.given("token_type_ids"),
        positions: inputs.given("position_ids"),
      }),
    count,
    (x, i) => bertLayer(scoped(builder, `encoder.layer.${i}`), x, config, { mask }),
  );
  const last = () => state(count);
  return { last, pooled: once(() => bertPooler(builder, last())), states: hiddenStates(count, state) };
}

function model({ builder, config, inputs }: Forward<Config>): Outputs {
  const { last, pooled, states } = bertTower(builder, config, inputs);
  return { last_hidden_state: last, pooler_output: pooled, ...states };
}

function maskedWords({ builder, config, inputs }: Forward<Config>): Outputs {
  const { last, states } = bertTower(scoped(builder, "bert"), config, inputs);
  const logits = once(() => {
    const shape = [config.vocab_size, config.hidden_size];
    const init = { kind: "normal", std: 0.02 } as const;
    const head = scoped(builder, "cls.predictions");
    const isTied = config.tie_word_embeddings;
    const table = isTied
      ? builder.weight("bert.embeddings.word_embeddings.weight", shape, init)
      : head.weight("decoder.weight", shape, init);
    const bias = head.weight(isTied ? "bias" : "decoder.bias", [config.vocab_size], { kind: "zeros" });
    return wordScores(builder, bertTransform(head, last(), config), table, bias);
  });
  return { loss: () => tokenLoss(builder, logits(), inputs.need("labels")), logits, ...states };
}

function classifier({ builder, config, inputs }: Forward<Config>): Outputs {
  const { pooled, states } = bertTower(scoped(builder, "bert"), config, inputs);
  return { ...classifierOutputs(builder, config, inputs, pooled), ...states };
}

const names = {
  prefixes: ["bert"],
  renames: [[/^cls\.predictions\.decoder\.bias$/, "cls.predictions.bias"]] as const,
  tied: { "cls.predictions.decoder.bias": "cls.predictions.bias" },
};

export const bert = defineFamily({
  modelTypes: { bert: "BertModel" },
  classes: {
    BertModel: architecture({ config, names, inputs: () => bertInputs, forward: model }),
    BertForMaskedLM: architecture({
      config,
      names,
      inputs: () => ({ ...bertInputs, labels: { dtype: "int64", shape: ["B", "L"], optional: true } }),
      forward: maskedWords,
    }),
    BertForSequenceClassification: architecture({
      config,
      names,
      inputs: () => ({ ...bertInputs, labels: labelInput }),
      forward: classifier,
    }),
  },
});
