import type { Port, WireType } from "#nodes/core/ports";
import { shapeText as sizesText } from "#nodes/graph/infer";

/**
 * The shape on a wire, short: "[N, 3, 32, 32] float32", or "[P of N, 3, 32, 32] float32" where rows have any number of
 * items.
 */
export function shapeText({ dtype, shape, packed }: Pick<WireType | Port, "dtype" | "shape" | "packed">): string {
  return [shape && sizesText(shape, packed), dtype].filter(Boolean).join(" ");
}
