import type { OpDef } from "../op";
import { axisOf, input, ShapeError, show } from "../shape";

/** LayerNormalization(x, scale, bias?): over all axes from `axis` on. Also gives mean and 1/std, which its gradient reads. */
export const LayerNormalization: OpDef<{ axis?: number; epsilon?: number }> = {
  infer(x, { axis = -1 }) {
    const { dtype, shape } = input(x, 0), at = axisOf(axis, shape.length), scale = input(x, 1);
    if (scale.shape.join() !== shape.slice(at).join()) throw new ShapeError(`the scale ${show(scale.shape)} does not fit the normalized axes of ${show(shape)}`);
    const statistics = { dtype, shape: shape.map((d, i) => (i < at ? d : 1)) };
    return [{ dtype, shape }, statistics, statistics];
  },
};
