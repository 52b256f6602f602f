/**
 * ShapeCaps' scenes: one to three objects on a grid of 3 × 3 cells, each a shape of a colour and a size, with or
 * without a digit. A scene is drawn from its row's own generator: it depends on nothing but seed, split and row.
 */
import type { Random } from "../random";

export const shapes = ["circle", "square", "triangle", "cross"] as const;
export const colours = ["red", "green", "blue", "yellow", "purple", "orange"] as const;
export const sizes = ["small", "large"] as const;
/** The cells, row by row from the top. */
export const places = [
  "top left",
  "top",
  "top right",
  "left",
  "centre",
  "right",
  "bottom left",
  "bottom",
  "bottom right",
] as const;

export interface SceneObject {
  shape: (typeof shapes)[number];
  colour: (typeof colours)[number];
  size: (typeof sizes)[number];
  /** The number of its cell, which it has to itself. */
  cell: number;
  digit?: number;
}

/** The objects in the order of their cells. */
export type Scene = readonly SceneObject[];

/** The most objects that a scene has. */
export const mostObjects = 3;

/** What a scene may have: the share of objects with a digit, and how many objects at most. */
export interface SceneChoice {
  digits: number;
  objects: number;
}

/** Draws a scene; each object bears a digit with the given probability. */
export function drawScene(draw: Random, { digits, objects }: SceneChoice): Scene {
  const count = 1 + draw.below(objects);
  const cells = [...draw.permutation(places.length)].slice(0, count).sort((left, right) => left - right);
  return cells.map((cell) => ({ ...drawObject(draw, digits), cell }));
}

function drawObject(draw: Random, digits: number): Omit<SceneObject, "cell"> {
  const object = { shape: oneOf(draw, shapes), colour: oneOf(draw, colours), size: oneOf(draw, sizes) };
  const digit = draw.below(10);
  return draw.uniform() < digits ? { ...object, digit } : object;
}

/** The scene with the colours of its first two objects exchanged; where that changes nothing, its first has another. */
export function withOtherColours(draw: Random, scene: Scene): Scene {
  const [first, second, ...others] = scene;
  if (!first) return scene;
  if (second && first.colour !== second.colour)
    return [{ ...first, colour: second.colour }, { ...second, colour: first.colour }, ...others];
  const other = colours.filter((colour) => colour !== first.colour);
  return [{ ...first, colour: oneOf(draw, other) }, ...scene.slice(1)];
}

export const oneOf = <T>(draw: Random, values: readonly T[]): T => values[draw.below(values.length)] as T;

export const placeOf = ({ cell }: SceneObject): string => places[cell] as string;
