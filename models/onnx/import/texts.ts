/**
 * String tensors of a file. A wire carries their texts as a list, row by row, without a shape: it follows from what the
 * file declares and from how many texts there are.
 */
import type { Shape } from "../graph";

/** Axes whose size the file leaves open. A list of texts tells the size of one, and of no more. */
export const openAxesOf = (shape: Shape): number => shape.filter((size) => typeof size === "string").length;

/** How many texts there are for each step along the open axis; all of them where none is open. */
export const textsPerStep = (shape: Shape): number =>
  shape.reduce<number>((product, size) => (typeof size === "number" ? product * size : product), 1);

/** The shape of so many texts where at most one axis is open; undefined where they do not fill it. */
export function shapeOfTexts(declared: Shape, count: number): number[] | undefined {
  const steps = count / textsPerStep(declared);
  const isFilled = openAxesOf(declared) > 0 ? Number.isInteger(steps) : steps === 1;
  return isFilled ? declared.map((size) => (typeof size === "number" ? size : steps)) : undefined;
}

/**
 * How many texts there are, as the shape of a wire: where all axes are fixed, or a named first one is open and all
 * others are 1. Undefined where that is not known.
 */
export function listShapeOf(declared: Shape | undefined): Shape | undefined {
  if (!declared) return undefined;
  const texts = textsPerStep(declared);
  if (openAxesOf(declared) === 0) return [texts];
  const [first] = declared;
  const isList = texts === 1 && openAxesOf(declared) === 1 && typeof first === "string" && first !== "*";
  return isList ? [first] : undefined;
}
