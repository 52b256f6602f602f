/** Checkpoints of Hugging Face's ports of CLIP, BLIP, ViLT and MAE under the names, and in the form, of the authors. */
import type { Checkpoint, TensorAddress } from "#models/files/checkpoint";
import { type StoredTensor, type StreamedTensor, toFloat32 } from "#models/files/safetensors";
import { carried, piecesOf } from "./checkpoint";
import type { Host } from "./host";

interface System {
  /** Whether some name is the system's alone. */
  mark: RegExp;
  /** Applied one after the other. A name that ends in `#0`, `#1` or `#2` is a third of a matrix, by rows. */
  renames: readonly (readonly [from: RegExp, to: string])[];
  /** Matrices that lie the other way round, by the authors' names. */
  transposed?: readonly string[];
  /** Tensors with a second name, by the first: absent where there is none. */
  second?(name: string, names: ReadonlySet<string>): string | undefined;
}

const thirds = (before: string, names: readonly string[], after: string): [RegExp, string][] =>
  names.map((name, i) => [new RegExp(`${before}${name}\\.(weight|bias)$`), `${after}$1#${i}`]);

/** Blocks as Hugging Face's ViT has them, as timm's. */
const timmBlocks: readonly (readonly [RegExp, string])[] = [
  ...thirds("attention\\.attention\\.", ["query", "key", "value"], "attn.qkv."),
  [/\.attention\.output\.dense\./, ".attn.proj."],
  [/\.intermediate\.dense\./, ".mlp.fc1."],
  [/(blocks\.\d+)\.output\.dense\./, "$1.mlp.fc2."],
  [/\.layernorm_before\./, ".norm1."],
  [/\.layernorm_after\./, ".norm2."],
];

const clip: System = {
  mark: /^(vision_model\.)?pre_layrnorm\./,
  renames: [
    [/^(?=embeddings\.|encoder\.|pre_layrnorm\.|post_layernorm\.)/, "vision_model."],
    [/^vision_model\.embeddings\.class_embedding$/, "visual.class_embedding"],
    [/^vision_model\.embeddings\.patch_embedding\./, "visual.conv1."],
    [/^vision_model\.embeddings\.position_embedding\.weight$/, "visual.positional_embedding"],
    [/^vision_model\.pre_layrnorm\./, "visual.ln_pre."],
    [/^vision_model\.post_layernorm\./, "visual.ln_post."],
    [/^vision_model\.encoder\.layers\./, "visual.transformer.resblocks."],
    [/^visual_projection\.weight$/, "visual.proj"],
    [/^text_model\.embeddings\.token_embedding\./, "token_embedding."],
    [/^text_model\.embeddings\.position_embedding\.weight$/, "positional_embedding"],
    [/^text_model\.final_layer_norm\./, "ln_final."],
    [/^text_model\.encoder\.layers\./, "transformer.resblocks."],
    [/^text_projection\.weight$/, "text_projection"],
    ...thirds("self_attn\\.", ["q_proj", "k_proj", "v_proj"], "attn.in_proj_"),
    [/\.self_attn\.out_proj\./, ".attn.out_proj."],
    [/\.layer_norm([12])\./, ".ln_$1."],
    [/\.mlp\.fc1\./, ".mlp.c_fc."],
    [/\.mlp\.fc2\./, ".mlp.c_proj."],
  ],
  transposed: ["visual.proj", "text_projection"],
};

const blip: System = {
  mark: /^vision_model\.encoder\.layers\.0\.self_attn\.qkv\.weight$/,
  renames: [
    [/^vision_model\.embeddings\.class_embedding$/, "visual_encoder.cls_token"],
    [/^vision_model\.embeddings\.position_embedding$/, "visual_encoder.pos_embed"],
    [/^vision_model\.embeddings\.patch_embedding\./, "visual_encoder.patch_embed.proj."],
    [/^vision_model\.post_layernorm\./, "visual_encoder.norm."],
    [/^vision_model\.encoder\.layers\./, "visual_encoder.blocks."],
    [/\.self_attn\.qkv\./, ".attn.qkv."],
    [/\.self_attn\.projection\./, ".attn.proj."],
    [/\.layer_norm([12])\./, ".norm$1."],
  ],
  second: (name, names) => {
    const isAlone = ![...names].some((other) => other.startsWith("text_encoder."));
    const isShared = name.startsWith("text_decoder.bert.") && !name.includes(".attention.");
    return isAlone && isShared ? name.replace("text_decoder.bert.", "text_encoder.") : undefined;
  },
};

const vilt: System = {
  mark: /^vilt\./,
  renames: [
    [/^vilt\.embeddings\.(text_embeddings|token_type_embeddings)\./, "$1."],
    [/^vilt\.embeddings\.cls_token$/, "transformer.cls_token"],
    [/^vilt\.embeddings\.position_embeddings$/, "transformer.pos_embed"],
    [/^vilt\.embeddings\.patch_embeddings\.projection\./, "transformer.patch_embed.proj."],
    [/^vilt\.encoder\.layer\./, "transformer.blocks."],
    [/^vilt\.layernorm\./, "transformer.norm."],
    [/^vilt\.pooler\./, "pooler."],
    [/^mlm_score\.decoder\.bias$/, "mlm_score.bias"],
    [/^classifier\./, "vqa_classifier."],
    ...timmBlocks,
  ],
  second: (name, names) =>
    name === "text_embeddings.word_embeddings.weight" && names.has("mlm_score.bias")
      ? "mlm_score.decoder.weight"
      : undefined,
};

const mae: System = {
  mark: /^decoder\.decoder_pos_embed$/,
  renames: [
    [/^vit\.embeddings\.cls_token$/, "cls_token"],
    [/^vit\.embeddings\.position_embeddings$/, "pos_embed"],
    [/^vit\.embeddings\.patch_embeddings\.projection\./, "patch_embed.proj."],
    [/^vit\.encoder\.layer\./, "blocks."],
    [/^vit\.layernorm\./, "norm."],
    [/^decoder\.decoder_(encoder\.layer|layers)\./, "decoder_blocks."],
    [/^decoder\./, ""],
    ...timmBlocks,
  ],
};

/** The system whose port's names these are. */
export function systemOf(names: readonly string[]): System | undefined {
  return [clip, blip, vilt, mae].find(({ mark }) => names.some((name) => mark.test(name)));
}

/** The tensors of a checkpoint, each once under each of its names, read when they are written. */
export function officialTensors(host: Host, { tensors }: Checkpoint, system: System): StreamedTensor[] {
  const groups = new Map<string, TensorAddress[]>();
  for (const [name, address] of tensors) {
    const [whole = "", third] = renamed(name, system).split("#");
    const parts = groups.get(whole) ?? [];
    parts[Number(third ?? 0)] = address;
    groups.set(whole, parts);
  }
  const names = new Set(groups.keys());
  return [...groups].flatMap(([name, parts]) => {
    const second = system.second?.(name, names);
    const both = second === undefined || names.has(second) ? [name] : [name, second];
    return both.map((each) => official(host, each, parts, system));
  });
}

const renamed = (name: string, { renames }: System): string =>
  renames.reduce((text, [from, to]) => text.replace(from, to), name);

function official(host: Host, name: string, parts: readonly TensorAddress[], system: System): StreamedTensor {
  const [first, ...others] = parts;
  if (!first || parts.includes(undefined as never)) throw new Error(`A part of ${name} is missing in the checkpoint.`);
  if (system.transposed?.includes(name)) return turned(host, name, first);
  if (!others.length) return carried(host, name, first);
  return stacked(host, name, parts);
}

/** Matrices of one width below each other, or vectors one behind the other. */
function stacked(host: Host, name: string, parts: readonly TensorAddress[]): StreamedTensor {
  const [first] = parts as [TensorAddress];
  const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  const bytes = parts.reduce((sum, { start, end }) => sum + end - start, 0);
  async function* all() {
    for (const part of parts) yield* piecesOf(host, part);
  }
  return { name, dtype: first.dtype, shape: [rows, ...first.shape.slice(1)], bytes, parts: all };
}

/** A matrix with rows for columns, as float32. */
function turned(host: Host, name: string, { file, dtype, shape, start, end }: TensorAddress): StreamedTensor {
  const [rows = 0, columns = 0] = shape;
  async function* parts() {
    const stored: StoredTensor = { dtype, shape, data: await host.read(file, start, end) };
    const numbers = toFloat32(stored);
    const data = Float32Array.from(numbers, (_, i) => numbers[(i % rows) * columns + Math.floor(i / rows)] ?? 0);
    yield new Uint8Array(data.buffer);
  }
  return { name, dtype: "F32", shape: [columns, rows], bytes: rows * columns * 4, parts };
}
