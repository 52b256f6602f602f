import type { Dim } from "../graph";
import type { OpDef } from "../op";
import type { Resampling } from "../resampling";
import { axisOf, input, ShapeError } from "../shape";

/**
 * New sizes for some axes, or factors on them, by interpolation. torch's interpolate(mode="bilinear",
 * align_corners=False) is `{ mode: "linear" }`, with align_corners `coordinate_transformation_mode: "align_corners"`;
 * PIL's bicubic is `{ mode: "cubic", cubic_coeff_a: -0.5, antialias: 1, exclude_outside: 1 }`.
 */
export const Resize: OpDef<
  Resampling & { axes?: readonly number[]; roi?: undefined; sizes?: readonly number[]; scales?: readonly number[] }
> = {
  infer(x, { axes, sizes, scales, coordinate_transformation_mode: mode }) {
    const { dtype, shape } = input(x, 0);
    const result = [...shape];
    if (mode === "tf_crop_and_resize")
      throw new ShapeError("regions (tf_crop_and_resize) are not supported: cut first, then resize");
    for (const [i, axis] of (axes ?? shape.map((_, at) => at)).entries()) {
      const place = axisOf(axis, shape.length);
      const size = sizes ? sizes[i] : scaled(shape[place] as Dim, scales?.[i]);
      if (size === undefined) throw new ShapeError(`a size or a scale is missing for axis ${place}`);
      result[place] = size;
    }
    return { dtype, shape: result };
  },
  asInputs: ["roi", "scales", "sizes"],
};

function scaled(size: Dim, factor: number | undefined): Dim | undefined {
  if (factor === undefined) return undefined;
  if (factor === 1) return size;
  return typeof size === "number" ? Math.floor(size * factor) : "*";
}
