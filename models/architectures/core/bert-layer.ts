/** BERT's post-norm layers, its embeddings and heads, as other text encoders have them too. */
import { type ActivationName, activate } from "../../blocks/activation";
import { multiHeadAttention } from "../../blocks/attention";
import { type Builder, embedding, layerNorm, linear, scoped } from "../../blocks/builder";
import { causalAttention } from "../../blocks/causal-attention";
import { tokenAt } from "../../blocks/tokens";
import type { Dim, Value } from "../../onnx/graph";
import { firstPositions } from "./towers";

export interface BertLayerConfig {
  hidden_size: number;
  num_attention_heads: number;
  intermediate_size: number;
  hidden_act: ActivationName;
  layer_norm_eps: number;
}

export interface BertLayerSpec {
  mask?: Value;
  /** Whether a token sees those before it alone; the mask then says so too, but while text is generated. */
  isCausal?: boolean;
  /** What the part of an attention is called that holds its queries, keys and values. */
  inside?: "self" | "attention";
  /** Where a cross-attention looks: float32 [B, M, C], and a mask of it. */
  context?: Value;
  contextMask?: Value;
}

/** x = LN(x + attention(x)), then cross-attention likewise, then x = LN(x + MLP(x)). x: float32 [B, N, D]. */
export function bertLayer(builder: Builder, x: Value, config: BertLayerConfig, spec: BertLayerSpec = {}): Value {
  const { mask, isCausal, inside = "self", context, contextMask } = spec;
  const attended = bertAttention(scoped(builder, "attention"), x, config, { mask, isCausal, inside });
  const informed = context
    ? bertAttention(scoped(builder, "crossattention"), attended, config, { mask: contextMask, inside, context })
    : attended;
  return bertFeedForward(builder, informed, config);
}

/** LN(x + attention(x)), over x itself or a context. */
export function bertAttention(
  builder: Builder,
  x: Value,
  config: BertLayerConfig,
  { mask, isCausal, inside = "self", context }: Omit<BertLayerSpec, "contextMask">,
): Value {
  const names = {
    query: `${inside}.query`,
    key: `${inside}.key`,
    value: `${inside}.value`,
    out: "output.dense",
  };
  const heads = config.num_attention_heads;
  const scale = (config.hidden_size / heads) ** -0.5;
  const mix = isCausal
    ? (parts: readonly [Value, Value, Value]) =>
        causalAttention(builder, parts, { heads, keyHeads: heads, scale, mask })
    : undefined;
  const mixed = multiHeadAttention(builder, x, { heads, names, mask, context, mix });
  return layerNorm(builder, "output.LayerNorm", builder.op.Add(mixed, x), config.layer_norm_eps);
}

/** LN(x + MLP(x)). `suffix` tells layers apart that treat some of the tokens. */
export function bertFeedForward(builder: Builder, x: Value, config: BertLayerConfig, suffix = ""): Value {
  const wide = linear(builder, `intermediate${suffix}.dense`, x, config.intermediate_size);
  const narrow = linear(
    builder,
    `output${suffix}.dense`,
    activate(builder, config.hidden_act, wide),
    config.hidden_size,
  );
  return layerNorm(builder, `output${suffix}.LayerNorm`, builder.op.Add(narrow, x), config.layer_norm_eps);
}

export interface BertTableConfig {
  vocab_size: number;
  hidden_size: number;
  /** 0 where texts have no positions. */
  max_position_embeddings: number;
  layer_norm_eps: number;
  /** Absent where texts have no types. */
  type_vocab_size?: number;
}

export interface BertTokens {
  /** int64 [B, T]; or what stands for them, float32 [B, T, D]. */
  ids?: Value;
  embedded?: Value;
  types?: Value;
  positions?: Value;
}

/** LN(word + position + type), of which texts may lack the last two. → float32 [B, T, D]. */
export function bertEmbeddings(builder: Builder, config: BertTableConfig, tokens: BertTokens): Value {
  const { op } = builder;
  const { hidden_size: width, max_position_embeddings: most, type_vocab_size: types } = config;
  const words = tokens.embedded ?? wordEmbeddings(builder, config, tokens.ids as Value);
  const length = words.shape[1] as Dim;
  if (most && typeof length === "number" && length > most)
    throw new Error(`texts of ${length} tokens do not fit the model's ${most} positions`);
  let sum = words;
  if (types !== undefined) {
    const table = builder.weight("token_type_embeddings.weight", [types, width], { kind: "normal", std: 0.02 });
    const first = op.Slice(table, { starts: [0], ends: [1], axes: [0] });
    sum = op.Add(sum, tokens.types ? op.Gather(table, tokens.types, { axis: 0 }) : first);
  }
  if (!most) return layerNorm(builder, "LayerNorm", sum, config.layer_norm_eps);
  const placed = tokens.positions
    ? embedding(builder, "position_embeddings", tokens.positions, most, width)
    : firstPositions(builder, "position_embeddings", length, [most, width]);
  return layerNorm(builder, "LayerNorm", op.Add(sum, placed), config.layer_norm_eps);
}

export function wordEmbeddings(builder: Builder, config: BertTableConfig, ids: Value): Value {
  return embedding(builder, "word_embeddings", ids, config.vocab_size, config.hidden_size);
}

/** tanh of a linear layer on the first token. tokens: float32 [B, N, D] → [B, D]. */
export function bertPooler(builder: Builder, tokens: Value): Value {
  const first = tokenAt(builder, tokens, 0);
  return builder.op.Tanh(linear(builder, "pooler.dense", first, tokens.shape[2] as number));
}

/** A linear layer, an activation and a norm, before words are scored. x: float32 [B, N, D] → the same. */
export function bertTransform(builder: Builder, x: Value, config: BertLayerConfig): Value {
  const dense = linear(builder, "transform.dense", x, config.hidden_size);
  return layerNorm(builder, "transform.LayerNorm", activate(builder, config.hidden_act, dense), config.layer_norm_eps);
}

/** Scores of all words: products with a table of them, and a bias. x: float32 [B, N, D]; table: [V, D]. */
export function wordScores({ op }: Builder, x: Value, table: Value, bias?: Value): Value {
  const scores = op.MatMul(x, op.Transpose(table, { perm: [1, 0] }));
  return bias ? op.Add(scores, bias) : scores;
}
