/** CLIP as openai/CLIP has it: the names of its parameters, and its ResNet (Radford et al. 2021; clip/model.py). */
import type { Dim, Init, Value } from "../onnx/graph";
import { attend, splitHeads } from "./attention";
import { type Builder, linear, normal, scoped } from "./builder";
import { batchNorm, convolution } from "./convolution";

const renames: readonly (readonly [RegExp, string])[] = [
  [/^blocks\./, "transformer.resblocks."],
  [/\.attn\.qkv\./, ".attn.in_proj_"],
  [/\.attn\.out\./, ".attn.out_proj."],
  [/^token_embedding$/, "token_embedding.weight"],
];

/** A builder of our transformer blocks whose parameters are called, and lie, as in the official checkpoints. */
export function officialClip(builder: Builder): Builder {
  const official = (name: string) => renames.reduce((text, [from, to]) => text.replace(from, to), name);
  return {
    ...builder,
    linearLayout: "out-in",
    weight: (name, shape, init) => builder.weight(official(name), shape, init),
  };
}

export interface ClipResnetSpec {
  /** Channels behind the stem; the last map has 32 times as many. */
  width: number;
  /** Bottlenecks of each of the four stages. */
  blocks: readonly number[];
  /** Heads of the attention that pools. */
  heads: number;
  /** Width of what it gives. */
  output: number;
}

/** The last map, and its attention-pooled embedding. pixels: float32 [B, 3, H, W] → [B, 32·width, H/32, W/32]. */
export function clipResnet(builder: Builder, pixels: Value, spec: ClipResnetSpec): { map: Value; embedding: Value } {
  const { width } = spec;
  let x = stem(builder, pixels, width);
  for (const [stage, count] of spec.blocks.entries()) {
    for (let i = 0; i < count; i++) {
      const stride = i === 0 && stage > 0 ? 2 : 1;
      x = bottleneck(scoped(builder, `layer${stage + 1}.${i}`), x, width * 2 ** stage, stride);
    }
  }
  return { map: x, embedding: attentionPool(scoped(builder, "attnpool"), x, spec) };
}

/** Three convolutions of 3×3, the first with stride 2, and an average pool. */
function stem(builder: Builder, pixels: Value, width: number): Value {
  const { op } = builder;
  let x = pixels;
  for (const [i, channels] of [width / 2, width / 2, width].entries()) {
    const stride = i === 0 ? 2 : 1;
    const seen = convolution(builder, `conv${i + 1}`, x, channels, { kernel: 3, stride, pad: 1, bias: false });
    x = op.Relu(batchNorm(builder, `bn${i + 1}`, seen));
  }
  return averaged(builder, x, 2);
}

/** Its stride is an average pool before the last convolution, and before that of the way around it. */
function bottleneck(builder: Builder, x: Value, planes: number, stride: number): Value {
  const { op } = builder;
  const unit = (place: number, from: Value, channels: number, kernel: number, scale?: Init) => {
    const pad = (kernel - 1) / 2;
    const seen = convolution(builder, `conv${place}`, from, channels, { kernel, pad, bias: false });
    return batchNorm(withScale(builder, scale), `bn${place}`, seen);
  };
  const first = op.Relu(unit(1, x, planes, 1));
  const second = averaged(builder, op.Relu(unit(2, first, planes, 3)), stride);
  const inside = unit(3, second, 4 * planes, 1, { kind: "zeros" });
  if (stride === 1 && x.shape[1] === 4 * planes) return op.Relu(op.Add(inside, x));
  const way = scoped(builder, "downsample");
  const around = convolution(way, "0", averaged(builder, x, stride), 4 * planes, { kernel: 1, bias: false });
  return op.Relu(op.Add(inside, batchNorm(way, "1", around)));
}

/** The last batch norm of a bottleneck starts as a gain of 0: each begins as the identity. */
function withScale(builder: Builder, scale: Init | undefined): Builder {
  if (!scale) return builder;
  return {
    ...builder,
    weight: (name, shape, init) => builder.weight(name, shape, init.kind === "ones" ? scale : init),
  };
}

function averaged({ op }: Builder, x: Value, side: number): Value {
  if (side === 1) return x;
  return op.AveragePool(x, { kernel_shape: [side, side], strides: [side, side] });
}

/**
 * Attention from the mean of a map's places to that mean and all places, each with a learned position. x: float32
 * [B, C, H, W] → [B, output].
 */
function attentionPool(root: Builder, x: Value, { heads, output }: ClipResnetSpec): Value {
  const builder: Builder = { ...root, linearLayout: "out-in" };
  const { op } = builder;
  const [batch, channels, height, width] = x.shape as [Dim, number, number, number];
  if (channels % heads) throw new Error(`the map's ${channels} channels are not divisible by ${heads} heads`);
  const places = op.Transpose(op.Reshape(x, { to: [batch, channels, height * width] }), { perm: [0, 2, 1] });
  const all = op.Concat(op.ReduceMean(places, { axes: [1] }), places, { axis: 1 });
  const init = normal(channels ** -0.5);
  const placed = op.Add(all, builder.weight("positional_embedding", [1 + height * width, channels], init));
  const query = op.Slice(placed, { starts: [0], ends: [1], axes: [1] });
  const part = (name: string, from: Value) =>
    splitHeads(builder, linear(builder, name, from, channels, { init }), heads);
  const parts = [part("q_proj", query), part("k_proj", placed), part("v_proj", placed)] as const;
  const mixed = attend(builder, parts, { scale: (channels / heads) ** -0.5 });
  return op.Reshape(linear(builder, "c_proj", mixed, output, { init }), { to: [batch, output] });
}
