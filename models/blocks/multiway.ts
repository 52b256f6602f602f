/** VLMo's blocks: attention that all tokens share, and an expert for each modality behind it (Bao et al. 2022). */
import type { Value } from "../onnx/graph";
import { attend, splitHeads, widthOfHeads } from "./attention";
import { type Builder, layerNorm, linear, scoped } from "./builder";
import { feedForward } from "./transformer";

/** Whose experts the tokens go through; "plain" blocks have one for all, as BEiT's, with names of its own. */
export const multiwayModes = ["image", "text", "vl", "plain"] as const;
export type MultiwayMode = (typeof multiwayModes)[number];

export interface MultiwayBlockSpec {
  heads: number;
  mlpRatio: number;
  mode: MultiwayMode;
  /** Whether the block has an expert for texts with pictures; without it "vl" takes the sequence apart. */
  hasVl: boolean;
  /** How many tokens of a sequence of both are words: the first. */
  textLength: number;
  /** What LayerScale starts with. */
  scale: number;
}

const epsilon = 1e-6;
/** What the experts' parameters have behind their names. */
const suffixes = { image: "_imag", text: "_text", vl: "_vl", plain: "" } as const;

/**
 * x += γ₁·attention(norm1 x), then x += γ₂·MLP(norm2 x) with the norm and the MLP of the expert. x: float32 [B, N, D];
 * added: to the scores, broadcast to [B, heads, N, N].
 */
export function multiwayBlock(root: Builder, x: Value, spec: MultiwayBlockSpec, added?: Value): Value {
  const builder: Builder = { ...root, linearLayout: "out-in" };
  const { op } = builder;
  const width = x.shape[2] as number;
  const scaleOf = (name: string) => builder.weight(name, [width], { kind: "constant", value: spec.scale });
  const normed = layerNorm(builder, "norm1", x, epsilon);
  const mixed = attention(scoped(builder, "attn"), normed, spec.heads, added);
  const attended = op.Add(x, op.Mul(scaleOf("gamma_1"), mixed));
  const expert = (mode: MultiwayMode, tokens: Value) => {
    const suffix = suffixes[mode];
    const hidden = feedForward(scoped(builder, `mlp${suffix}`), layerNorm(builder, `norm2${suffix}`, tokens, epsilon), {
      hidden: width * spec.mlpRatio,
      activation: "gelu",
      names: ["fc1", "fc2"],
    });
    return op.Add(tokens, op.Mul(scaleOf("gamma_2"), hidden));
  };
  if (spec.mode !== "vl" || spec.hasVl) return expert(spec.mode, attended);
  const cut = (start: number, end: number) => op.Slice(attended, { starts: [start], ends: [end], axes: [1] });
  const words = expert("text", cut(0, spec.textLength));
  return op.Concat(words, expert("image", cut(spec.textLength, Number.MAX_SAFE_INTEGER)), { axis: 1 });
}

/** Queries and values have a bias, keys have none. */
function attention(builder: Builder, x: Value, heads: number, added: Value | undefined): Value {
  const { op } = builder;
  const width = x.shape[2] as number;
  const scale = widthOfHeads(width, heads) ** -0.5;
  const bias = (name: string) => builder.weight(name, [width], { kind: "zeros" });
  const all = linear(builder, "qkv", x, 3 * width, { bias: false });
  const part = (i: number) => op.Slice(all, { starts: [i * width], ends: [(i + 1) * width], axes: [2] });
  const query = op.Add(part(0), bias("q_bias"));
  const value = op.Add(part(2), bias("v_bias"));
  const apart = [query, part(1), value].map((each) => splitHeads(builder, each, heads)) as [Value, Value, Value];
  const mixed = attend(builder, apart, { scale, mask: added });
  return linear(builder, "proj", mixed, width);
}

/** The places of text and picture in VLMo's table of relative positions. */
export interface PositionTable {
  /** Rows and columns of patches of a picture. */
  side: number;
  /** How long the texts were that its rows were made for. */
  firstTextLength: number;
}

/** How many rows pictures have: a distance for each pair of patches, and three for the class token. */
export const pictureRows = (side: number): number => (2 * side - 1) ** 2 + 3;
/** How many rows a table has: those of pictures, text to picture and back, distances in texts, and three for [CLS]. */
export const tableRows = ({ side, firstTextLength }: PositionTable): number =>
  pictureRows(side) + 2 * firstTextLength + 2;

/** The row for each query and key of a picture, its class token first: [N + 1][N + 1]. Distances are query − key. */
export function pictureIndex(side: number): number[][] {
  const rows = pictureRows(side);
  const count = side * side + 1;
  const rowOf = (query: number, key: number): number => {
    if (!query && !key) return rows - 1;
    if (!query) return rows - 3;
    if (!key) return rows - 2;
    const dy = Math.floor((query - 1) / side) - Math.floor((key - 1) / side);
    const dx = ((query - 1) % side) - ((key - 1) % side);
    return (dy + side - 1) * (2 * side - 1) + dx + side - 1;
  };
  return square(count, rowOf);
}

/** The same for a text, [CLS] first. Distances are key − query. */
export function textIndex(length: number, table: PositionTable): number[][] {
  const total = tableRows(table);
  const origin = table.firstTextLength - 2 + pictureRows(table.side) + 2;
  const rowOf = (query: number, key: number): number => {
    if (!query && !key) return total - 1;
    if (!query) return total - 3;
    if (!key) return total - 2;
    return key - query + origin;
  };
  return square(length, rowOf);
}

/** The same for a text and behind it a picture, which are one row apart wherever they stand. */
export function jointIndex(length: number, table: PositionTable): number[][] {
  const [text, picture] = [textIndex(length, table), pictureIndex(table.side)];
  const between = pictureRows(table.side);
  const rowOf = (query: number, key: number): number => {
    if (query < length && key < length) return text[query]?.[key] as number;
    if (query >= length && key >= length) return picture[query - length]?.[key - length] as number;
    return query < length ? between : between + 1;
  };
  return square(length + picture.length, rowOf);
}

function square(size: number, rowOf: (query: number, key: number) => number): number[][] {
  const places = Array.from({ length: size }, (_, i) => i);
  return places.map((query) => places.map((key) => rowOf(query, key)));
}

/**
 * What is added to the scores of each block and head: rows of a table, whose columns are block 0's heads, block 1's, ….
 * table: float32 [rows, layers·heads] → [layers, heads, N, N].
 */
export function positionBias({ op, graph }: Builder, table: Value, index: readonly number[][], heads: number): Value {
  const size = index.length;
  const columns = table.shape[1] as number;
  const rows = op.Gather(table, graph.constant(index.flat(), "int64", [size, size]), { axis: 0 });
  return op.Reshape(op.Transpose(rows, { perm: [2, 0, 1] }), { to: [columns / heads, heads, size, size] });
}

/** The bias of one block, and the mask of keys that nobody sees: broadcast to [B, heads, N, N]. */
export function addedToScores({ op }: Builder, bias: Value, block: number, mask?: Value): Value {
  const own = op.Slice(bias, { starts: [block], ends: [block + 1], axes: [0] });
  return mask ? op.Add(own, mask) : own;
}
