/** What decoders of language models have in common: their inputs, the states of their layers, and the head. */
import { causalAttentionMask } from "../../blocks/attention";
import { type Builder, embedding, linear } from "../../blocks/builder";
import { cacheSizes } from "../../blocks/caches";
import { lastPosition } from "../../blocks/causal-attention";
import { nextTokenLoss } from "../../blocks/loss";
import { placesOf } from "../../blocks/attention";
import type { Dim, Value } from "../../onnx/graph";
import { hiddenStates, type Inputs, type InputSpec, layered, once, type Outputs } from "./architecture";

/** Tokens, or embeddings that stand for them. */
export const languageInputs = (width: number): Record<string, InputSpec> => ({
  input_ids: { dtype: "int64", shape: ["B", "L"], optional: true },
  inputs_embeds: { dtype: "float32", shape: ["B", "L", width], optional: true },
  attention_mask: {
    dtype: "int64",
    shape: ["B", "L"],
    optional: true,
    doc: "1 where a token counts; in packed rows the number of its sequence.",
  },
  position_ids: { dtype: "int64", shape: ["*", "L"], optional: true },
});

export const labelInputs: Record<string, InputSpec> = {
  labels: { dtype: "int64", shape: ["B", "L"], optional: true },
};

/** The embeddings of the tokens, or those that are given instead: float32 [B, L, D]. */
export function tokenEmbeddings(
  builder: Builder,
  name: string,
  inputs: Inputs,
  { rows, width }: { rows: number; width: number },
): Value {
  return inputs.given("inputs_embeds") ?? embedding(builder, name, inputs.need("input_ids"), rows, width);
}

/** The positions of embeddings [B, L, D]: as given, or 0, 1, …; while text is generated, behind the earlier ones. */
export function positionsOf(builder: Builder, inputs: Inputs, embedded: Value): Value {
  const behind = builder.generation ?? builder.caches;
  if (behind) return behind.positions;
  const length = embedded.shape[1] as Dim;
  return inputs.given("position_ids") ?? builder.op.Reshape(placesOf(builder, length), { to: [1, length] });
}

/** The masks of causal layers, one for each window; none while text is generated. */
export function causalMasks(
  builder: Builder,
  inputs: Inputs,
  embedded: Value,
): (window: number | undefined) => Value | undefined {
  const made = new Map<number | undefined, Value>();
  const length = embedded.shape[1] as Dim;
  const lookedAt = once(() => {
    const { caches } = builder;
    if (caches) return { keys: cacheSizes.all, past: caches.before, padding: caches.mask };
    return { keys: length, padding: inputs.given("attention_mask") };
  });
  return (window) => {
    if (builder.generation) return undefined;
    const mask = made.get(window) ?? causalAttentionMask(builder, { queries: length, window, ...lookedAt() });
    made.set(window, mask);
    return mask;
  };
}

export interface LanguageTower {
  /** The last state, normed. */
  last: () => Value;
  states: Outputs;
}

/** The states before, between and behind layers, of which the last one is normed, as transformers gives them. */
export function languageTower(
  first: () => Value,
  count: number,
  layer: (x: Value, index: number) => Value,
  norm: (x: Value) => Value,
): LanguageTower {
  const state = layered(first, count, layer);
  const last = once(() => norm(state(count)));
  return { last, states: hiddenStates(count, (index) => (index === count ? last() : state(index))) };
}

/** Scores of each next token by the table of tokens or a layer of its own, and the loss of given labels. */
export function languageHead(
  builder: Builder,
  inputs: Inputs,
  { last, states }: LanguageTower,
  { vocabulary, tied, bias = false }: { vocabulary: number; tied?: string; bias?: boolean },
): Outputs {
  const logits = once(() => {
    const x = lastPosition(builder, last());
    if (tied === undefined) return linear(builder, "lm_head", x, vocabulary, { bias });
    const table = builder.weight(tied, [vocabulary, x.shape[2] as number], { kind: "normal", std: 0.02 });
    return builder.op.MatMul(x, builder.op.Transpose(table, { perm: [1, 0] }));
  });
  return { loss: () => nextTokenLoss(builder, logits(), inputs.need("labels")), logits, ...states };
}
