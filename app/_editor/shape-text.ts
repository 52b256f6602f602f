import type { WireType } from "#nodes/core/ports";

/** The shape on a wire, short: "[N, 3, 32, 32] float32". */
export function shapeText({ dtype, shape }: Pick<WireType, "dtype" | "shape">): string {
  return [shape && `[${shape.join(", ")}]`, dtype].filter(Boolean).join(" ");
}
