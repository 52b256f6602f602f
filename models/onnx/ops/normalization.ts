import type { Dim, Value } from "../graph";
import type { OpDef, Typed } from "../op";
import { axisOf, fixed, input, like, ShapeError, show, sizeOf } from "../shape";

/**
 * LayerNormalization(x, scale, bias?): over all axes from `axis` on. Also gives mean and 1/std, which its gradient
 * reads.
 */
export const LayerNormalization: OpDef<{ axis?: number; epsilon?: number }> = {
  infer(x, { axis = -1 }) {
    const { dtype, shape } = input(x, 0);
    const first = axisOf(axis, shape.length);
    const scale = input(x, 1);
    if (scale.shape.join() !== shape.slice(first).join())
      throw new ShapeError(`the scale ${show(scale.shape)} does not fit the normalized axes of ${show(shape)}`);
    const statistics = { dtype, shape: shape.map((d, i) => (i < first ? d : 1)) };
    return [{ dtype, shape }, statistics, statistics];
  },
};

/**
 * RMSNormalization(x, scale): x / √(mean x² + ε) · scale over all axes from `axis` on (Zhang & Sennrich 2019; ONNX 23).
 * Also gives the root, which its gradient reads. Written in the form that ONNX Runtime fuses.
 */
export const RMSNormalization: OpDef<{ axis?: number; epsilon?: number }> = {
  infer(x, { axis = -1 }) {
    const { dtype, shape } = input(x, 0);
    const first = axisOf(axis, shape.length);
    return [
      { dtype, shape },
      { dtype, shape: shape.map((d, i) => (i < first ? d : 1)) },
    ];
  },
};
/** The name that ONNX Runtime's exporters give to RMSNormalization. */
export const SimplifiedLayerNormalization: typeof RMSNormalization = { ...RMSNormalization };

/** x divided by its length along an axis: L2, or L1 with `p: 1`. */
export const LpNormalization: OpDef<{ axis?: number; p?: number }> = { infer: like };

/** [N, C, …] with a scale and a bias for each channel. */
const perChannel: OpDef["infer"] = (x) => {
  const { dtype, shape } = input(x, 0);
  const odd = x.slice(1).find((v) => v.shape.length !== 1 || (typeof shape[1] === "number" && v.shape[0] !== shape[1]));
  if (odd) throw new ShapeError(`one number for each of ${shape[1]} channels is expected, and ${show(odd.shape)} came`);
  return { dtype, shape };
};

/**
 * BatchNormalization(x, scale, bias, mean, variance): (x − mean) / √(variance + ε) · scale + bias for each channel of
 * [N, C, …]. The statistics are given.
 */
export const BatchNormalization: OpDef<{ epsilon?: number }> = { infer: perChannel };
/**
 * The same where mean and (biased) variance are those of x itself: the gradient runs through them too. They are inputs,
 * since running averages need them.
 */
export const TrainingBatchNormalization: OpDef<{ epsilon?: number }> = {
  infer: perChannel,
  onnx: "BatchNormalization",
};

/**
 * What grouped normalizations give besides: x normalized before scale and bias, and 1/std, as [N, groups, elements of a
 * group] and [N, groups, 1].
 */
function grouped(x: readonly Value[], groups: number): readonly Typed[] {
  const { dtype, shape } = input(x, 0);
  const [n, ...rest] = shape as [Dim, ...Dim[]];
  const size = sizeOf(rest) / groups;
  if ((fixed(rest.slice(0, 1))[0] as number) % groups)
    throw new ShapeError(`${rest[0]} channels cannot be cut into ${groups} groups`);
  return [perChannel(x, {}), { dtype, shape: [n, groups, size] }, { dtype, shape: [n, groups, 1] }].flat();
}
/**
 * GroupNormalization(x [N, C, …], scale [C], bias [C]): each of `num_groups` runs of channels by itself (Wu & He 2018).
 */
export const GroupNormalization: OpDef<{ num_groups: number; epsilon?: number }> = {
  infer: (x, { num_groups }) => grouped(x, num_groups),
};
/** InstanceNormalization(x [N, C, …], scale [C], bias [C]): each channel of each row by itself. */
export const InstanceNormalization: OpDef<{ epsilon?: number }> = {
  infer: (x) => grouped(x, channelsOf(x)),
};
const channelsOf = (x: readonly Value[]): number => fixed(input(x, 0).shape.slice(1, 2))[0] as number;
