/** The masked autoencoder of He et al. 2022, parameters named as in facebookresearch/mae (models_mae.py). */
import type { Dim, Init, Value } from "../onnx/graph";
import type { ActivationName } from "./activation";
import { type Builder, layerNorm, linear } from "./builder";
import { randomMasking, type Shuffle, tokensAt, unshuffled } from "./masking";
import { type Grid, patchEmbedding, wholeGridOf } from "./patches";
import { sinCosTable } from "./sin-cos";
import { timmBlocks, timmEpsilon } from "./timm-vit";
import { prependToken } from "./tokens";

export interface MaeSpec {
  width: number;
  layers: number;
  heads: number;
  mlpRatio: number;
  /** Whether queries, keys and values have a bias; so they do where absent. */
  qkvBias?: boolean;
  /** Of the feed-forward layers; exact GELU where it is absent. */
  activation?: ActivationName;
  /** Of the norms; timm's where it is absent. */
  epsilon?: number;
}

/**
 * All tokens behind the blocks, the class token first; with noise those of the patches that are seen alone. Without
 * `bare` they are behind the last norm. pixels: float32 [B, 3, H, W]; noise: float32 [B, N] → [B, 1 + N, D], or
 * [B, 1 + kept, D].
 */
export function maeEncoder(
  root: Builder,
  pixels: Value,
  spec: MaeSpec & { patch: number; ratio: number; noise?: Value; bare?: boolean },
): { tokens: Value; shuffle?: Shuffle } {
  const builder = xavier(root);
  const { op } = builder;
  const { patch, width, noise, ratio } = spec;
  const size = [patch, patch] as const;
  const grid = wholeGridOf(pixels.shape.slice(2), size);
  const table = positions(builder, "pos_embed", grid, width);
  const rows = table.shape[1] as number;
  const cut = (start: number, end: number) => op.Slice(table, { starts: [start], ends: [end], axes: [1] });
  const patches = op.Add(patchEmbedding(builder, "patch_embed.proj", pixels, { patch: size, width }), cut(1, rows));
  if (noise && noise.shape[1] !== rows - 1)
    throw new Error(`there are ${noise.shape[1]} noises a row, and its picture has ${rows - 1} patches`);
  const shuffle = noise && randomMasking(builder, noise, ratio);
  const seen = shuffle ? tokensAt(builder, patches, shuffle.kept) : patches;
  const tokens = prependToken(builder, "cls_token", seen);
  // The class token's position; the patches have theirs already.
  const placed = op.Add(tokens, op.Pad(cut(0, 1), { pads: [0, 0, 0, 0, seen.shape[1] as number, 0] }));
  const encoded = timmBlocks(builder, placed, spec);
  return { tokens: spec.bare ? encoded : maeNorm(builder, "norm", encoded, spec), shuffle };
}

/** One vector of a picture for fine-tuning: the norm of the mean over its patches. tokens: [B, 1 + N, D] → [B, D]. */
export function maePooled(builder: Builder, tokens: Value, spec: Pick<MaeSpec, "epsilon">): Value {
  const count = tokens.shape[1] as number;
  const patches = builder.op.Slice(tokens, { starts: [1], ends: [count], axes: [1] });
  return maeNorm(builder, "fc_norm", builder.op.ReduceMean(patches, { axes: [1], keepdims: 0 }), spec);
}

const maeNorm = (
  builder: Builder,
  name: string,
  x: Value,
  { epsilon = timmEpsilon }: Pick<MaeSpec, "epsilon">,
): Value => layerNorm(builder, name, x, epsilon);

/**
 * The pixels of all patches, from the tokens of those that were seen. tokens: float32 [B, 1 + kept, D]; restore: int64
 * [B, N] → float32 [B, N, pixels]. The grid of patches is a square.
 */
export function maeDecoder(root: Builder, tokens: Value, restore: Value, spec: MaeSpec & { pixels: number }): Value {
  const builder = outIn(xavier(root));
  const { op } = builder;
  const count = (restore.shape as [Dim, number])[1];
  const side = Math.round(Math.sqrt(count));
  if (side * side !== count) throw new Error(`${count} patches are no square, and the decoder's positions are of one`);
  const embedded = linear(builder, "decoder_embed", tokens, spec.width);
  const all = unshuffled(builder, "mask_token", embedded, restore);
  const placed = op.Add(all, positions(builder, "decoder_pos_embed", [side, side], spec.width));
  const decoded = maeNorm(builder, "decoder_norm", timmBlocks(decoderBlocks(builder), placed, spec), spec);
  const pixels = linear(builder, "decoder_pred", decoded, spec.pixels);
  return op.Slice(pixels, { starts: [1], ends: [count + 1], axes: [1] });
}

/** A table of positions that is kept in checkpoints and never trained. */
function positions(builder: Builder, name: string, grid: Grid, width: number): Value {
  const data = sinCosTable(grid, width);
  return builder.buffer(name, [1, data.length / width, width], { kind: "values", data });
}

/** Matrices that start as torch's xavier_uniform_, that of the patches as [width, pixels]. */
function xavier(builder: Builder): Builder {
  const initOf = ([outputs = 1, ...inputs]: readonly number[]): Init => {
    const fanIn = inputs.reduce((product, size) => product * size, 1);
    return { kind: "uniform", bound: Math.sqrt(6 / (fanIn + outputs)) };
  };
  const isMatrix = (shape: readonly number[]) => shape.length === 2 || shape.length === 4;
  return {
    ...builder,
    weight: (name, shape, init) => builder.weight(name, shape, isMatrix(shape) ? initOf(shape) : init),
  };
}

/** Blocks of the decoder are called `decoder_blocks.i`. */
const decoderBlocks = (builder: Builder): Builder => ({
  ...builder,
  weight: (name, shape, init) => builder.weight(`decoder_${name}`, shape, init),
});

const outIn = (builder: Builder): Builder => ({ ...builder, linearLayout: "out-in" });
