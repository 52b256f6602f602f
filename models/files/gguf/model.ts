/**
 * What a GGUF file holds of a language model, under Hugging Face's names: its tensors, and a config.json. Known are the
 * LLaMA line (llama, which is Mistral's too, qwen2, phi3) and gpt2.
 */
import { GgufError, type GgufFile, type GgufTensor, type GgufValue } from "./read";

/** A tensor of the file, and what makes it the one that transformers has. */
export interface NamedTensor extends GgufTensor {
  /** Its name in the file. */
  source: string;
  /** llama.cpp lays the rows of queries and keys in pairs: this many heads are laid back. */
  heads?: number;
  /** GPT-2's matrices lie the other way round. */
  transposed?: boolean;
}
export interface GgufModel {
  config: Record<string, unknown>;
  /** By Hugging Face's names. */
  tensors: Map<string, NamedTensor>;
  /** By what the frequencies of positions are divided, for short and for long texts, where the file says it. */
  ropeFactors?: { short: GgufTensor; long: GgufTensor };
}

/**
 * The configuration with the factors of its file: Llama 3's scaling, which llama.cpp keeps as one table, and LongRoPE's
 * two, both in transformers' words for the latter.
 */
export function withRopeFactors(
  config: Readonly<Record<string, unknown>>,
  short: readonly number[],
  long: readonly number[],
): Record<string, unknown> {
  const { original_max_position_embeddings: original, attention_factor: attention } = (config.rope_scaling ??
    {}) as Record<string, unknown>;
  const scaling = {
    rope_type: "longrope",
    short_factor: [...short],
    long_factor: [...long],
    original_max_position_embeddings: original ?? config.max_position_embeddings,
    attention_factor: attention ?? 1,
  };
  return {
    ...config,
    rope_scaling: scaling,
    rope_parameters: { rope_theta: config.rope_theta, ...scaling },
  };
}

/** Reads names and configuration; throws sentences that name the field that is missing or not known. */
export function ggufModel(file: GgufFile): GgufModel {
  const read = fieldsOf(file);
  const architecture = read.text("general.architecture");
  const family = families[architecture];
  if (!family)
    throw new GgufError(
      `general.architecture is “${architecture}”, and ${Object.keys(families).join(", ")} are known`,
      "Take a model of one of these architectures, or its folder from Hugging Face.",
    );
  const config = { ...family.config(read), ...vocabularyOf(file, read) };
  const tensors = new Map<string, NamedTensor>();
  for (const [source, tensor] of file.tensors) {
    if (factorNames.includes(source)) continue;
    const name = nameIn(family, source);
    if (!name) throw new GgufError(`the tensor “${source}” is not known in a model of the kind ${architecture}`);
    tensors.set(name, { ...tensor, source, ...family.layout(source, read) });
  }
  if (!file.tensors.has("token_embd.weight")) throw new GgufError("it has no tensor token_embd.weight");
  const [one, short, long] = factorNames.map((name) => file.tensors.get(name));
  const [forShort, forLong] = [short ?? one, long ?? one];
  return { config, tensors, ...(forShort && forLong ? { ropeFactors: { short: forShort, long: forLong } } : {}) };
}

const factorNames = ["rope_freqs.weight", "rope_factors_short.weight", "rope_factors_long.weight"];

/**
 * A tensor's numbers as transformers lays them, from those that lie in the file; the same array where nothing moves.
 */
export function laidOut(numbers: Float32Array, { shape, heads, transposed }: NamedTensor): Float32Array {
  if (transposed) return transpose(numbers, shape[0] ?? 1, shape[1] ?? 1);
  return heads === undefined ? numbers : unpaired(numbers, shape, heads);
}

/** The shape as transformers has it. */
export const laidOutShape = ({ shape, transposed }: NamedTensor): number[] =>
  transposed ? [...shape].reverse() : shape;

function transpose(numbers: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(numbers.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = numbers[row * columns + column] as number;
  return result;
}

/** Rows of a head lie as 0, d/2, 1, d/2 + 1 …; they become 0, 1 … */
function unpaired(numbers: Float32Array, shape: readonly number[], heads: number): Float32Array {
  const rows = shape[0] ?? 1;
  const width = numbers.length / rows;
  const size = rows / heads;
  const result = new Float32Array(numbers.length);
  for (let row = 0; row < rows; row++) {
    const head = Math.floor(row / size);
    const inside = row % size;
    const target = head * size + (inside % 2) * (size / 2) + Math.floor(inside / 2);
    result.set(numbers.subarray(row * width, (row + 1) * width), target * width);
  }
  return result;
}

interface Fields {
  text(name: string): string;
  /** A number of the architecture's own, such as "block_count". */
  number(name: string): number;
  optional(name: string): number | undefined;
  optionalText(name: string): string | undefined;
}

function fieldsOf({ metadata }: GgufFile): Fields {
  const prefix = `${String(metadata.get("general.architecture"))}.`;
  const valueOf = (name: string): GgufValue | undefined => metadata.get(prefix + name);
  const optional = (name: string): number | undefined => {
    const value = valueOf(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw new GgufError(`${prefix}${name} is no number`);
  };
  return {
    optional,
    text(name) {
      const value = metadata.get(name);
      if (typeof value === "string") return value;
      throw new GgufError(`${name} is missing`);
    },
    number(name) {
      const value = optional(name);
      if (value === undefined) throw new GgufError(`${prefix}${name} is missing`);
      return value;
    },
    optionalText(name) {
      const value = valueOf(name);
      return typeof value === "string" ? value : undefined;
    },
  };
}

/** The size of the vocabulary, and special tokens, as the configuration has them. */
function vocabularyOf({ metadata, tensors }: GgufFile, _read: Fields): Record<string, unknown> {
  const idOf = (role: string) => metadata.get(`tokenizer.ggml.${role}_token_id`);
  const ids = { bos_token_id: idOf("bos"), eos_token_id: idOf("eos"), pad_token_id: idOf("padding") };
  return {
    vocab_size: tensors.get("token_embd.weight")?.shape[0],
    tie_word_embeddings: !tensors.has("output.weight"),
    dtype: "float32",
    ...Object.fromEntries(Object.entries(ids).filter(([, id]) => typeof id === "number")),
  };
}

interface Family {
  /** Names of the file to those of Hugging Face; N is a layer. */
  names: Record<string, string>;
  config(read: Fields): Record<string, unknown>;
  layout(source: string, read: Fields): Pick<NamedTensor, "heads" | "transposed">;
}

function nameIn({ names }: Family, source: string): string | undefined {
  const layer = /^blk\.(\d+)\./.exec(source)?.[1];
  const found = names[layer === undefined ? source : source.replace(/^blk\.\d+\./, "blk.N.")];
  return found?.replace("N", layer ?? "");
}

const ends = (names: Record<string, string>, kinds: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(names).flatMap(([source, name]) => kinds.map((kind) => [`${source}.${kind}`, `${name}.${kind}`])),
  );

const layer = "model.layers.N.";
const llamaNames = {
  "token_embd.weight": "model.embed_tokens.weight",
  "output_norm.weight": "model.norm.weight",
  "output.weight": "lm_head.weight",
  "blk.N.attn_norm.weight": `${layer}input_layernorm.weight`,
  "blk.N.ffn_norm.weight": `${layer}post_attention_layernorm.weight`,
  ...ends(
    {
      "blk.N.attn_q": `${layer}self_attn.q_proj`,
      "blk.N.attn_k": `${layer}self_attn.k_proj`,
      "blk.N.attn_v": `${layer}self_attn.v_proj`,
      "blk.N.attn_output": `${layer}self_attn.o_proj`,
      "blk.N.ffn_gate": `${layer}mlp.gate_proj`,
      "blk.N.ffn_up": `${layer}mlp.up_proj`,
      "blk.N.ffn_down": `${layer}mlp.down_proj`,
    },
    ["weight", "bias"],
  ),
};

const phi3Names = {
  ...llamaNames,
  "blk.N.attn_qkv.weight": `${layer}self_attn.qkv_proj.weight`,
  "blk.N.ffn_up.weight": `${layer}mlp.gate_up_proj.weight`,
};

const gpt2Names = {
  "token_embd.weight": "transformer.wte.weight",
  "position_embd.weight": "transformer.wpe.weight",
  "output.weight": "lm_head.weight",
  ...ends(
    {
      output_norm: "transformer.ln_f",
      "blk.N.attn_norm": "transformer.h.N.ln_1",
      "blk.N.ffn_norm": "transformer.h.N.ln_2",
      "blk.N.attn_qkv": "transformer.h.N.attn.c_attn",
      "blk.N.attn_output": "transformer.h.N.attn.c_proj",
      "blk.N.ffn_up": "transformer.h.N.mlp.c_fc",
      "blk.N.ffn_down": "transformer.h.N.mlp.c_proj",
    },
    ["weight", "bias"],
  ),
};

function llamaConfig(model: string, className: string) {
  return (read: Fields): Record<string, unknown> => {
    const heads = read.number("attention.head_count");
    const window = read.optional("attention.sliding_window");
    const headSize = read.optional("attention.key_length");
    const theta = read.optional("rope.freq_base") ?? 10_000;
    const scaling = scalingOf(read);
    return {
      model_type: model,
      architectures: [className],
      hidden_size: read.number("embedding_length"),
      intermediate_size: read.number("feed_forward_length"),
      num_hidden_layers: read.number("block_count"),
      num_attention_heads: heads,
      num_key_value_heads: read.optional("attention.head_count_kv") ?? heads,
      rms_norm_eps: read.number("attention.layer_norm_rms_epsilon"),
      max_position_embeddings: read.number("context_length"),
      hidden_act: "silu",
      rope_theta: theta,
      rope_scaling: scaling ?? null,
      rope_parameters: { rope_theta: theta, rope_type: "default", ...scaling },
      ...(headSize === undefined ? {} : { head_dim: headSize }),
      ...(window === undefined ? {} : { sliding_window: window }),
    };
  };
}

function scalingOf(read: Fields): Record<string, unknown> | undefined {
  const type = read.optionalText("rope.scaling.type");
  if (type === undefined || type === "none") return undefined;
  const factor = read.optional("rope.scaling.factor");
  const original = read.optional("rope.scaling.original_context_length");
  const attention = read.optional("rope.scaling.attn_factor");
  return {
    rope_type: type,
    ...(factor === undefined ? {} : { factor }),
    ...(original === undefined ? {} : { original_max_position_embeddings: original }),
    ...(attention === undefined ? {} : { attention_factor: attention }),
  };
}

const asItIs = () => ({});

/** Queries and keys of llama's own lie in pairs. */
function pairedHeads(source: string, read: Fields): Pick<NamedTensor, "heads"> {
  if (/\.attn_q\./.test(source)) return { heads: read.number("attention.head_count") };
  if (!/\.attn_k\./.test(source)) return {};
  return { heads: read.optional("attention.head_count_kv") ?? read.number("attention.head_count") };
}

const families: Record<string, Family> = {
  llama: { names: llamaNames, config: llamaConfig("llama", "LlamaForCausalLM"), layout: pairedHeads },
  qwen2: { names: llamaNames, config: llamaConfig("qwen2", "Qwen2ForCausalLM"), layout: asItIs },
  phi3: { names: phi3Names, config: llamaConfig("phi3", "Phi3ForCausalLM"), layout: asItIs },
  gpt2: {
    names: gpt2Names,
    config: (read) => ({
      model_type: "gpt2",
      architectures: ["GPT2LMHeadModel"],
      n_embd: read.number("embedding_length"),
      n_layer: read.number("block_count"),
      n_head: read.number("attention.head_count"),
      n_inner: read.number("feed_forward_length"),
      n_positions: read.number("context_length"),
      layer_norm_epsilon: read.number("attention.layer_norm_epsilon"),
      activation_function: "gelu_new",
    }),
    layout: (source) => ({ transposed: /\.(attn_qkv|attn_output|ffn_up|ffn_down)\.weight$/.test(source) || undefined }),
  },
};
