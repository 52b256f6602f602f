import type { OnnxModel } from "./read";

/** The tensors of a model that hold NaN: all that is computed with them is NaN too. */
export function tensorsWithNaN({ initializers }: OnnxModel): string[] {
  const tensors = [...initializers.values()].filter(({ dtype, data }) => dtype === "float32" && holdsNaN(data));
  return tensors.map((tensor) => tensor.name);
}

const holdsNaN = (data: ArrayLike<unknown>): boolean => Array.prototype.some.call(data, Number.isNaN);
