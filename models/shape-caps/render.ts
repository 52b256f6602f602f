/** Draws ShapeCaps scenes: flat colours on a dark ground, edges smoothed by four samples a pixel. */
import type { Scene, SceneObject } from "./scene";

const ground = [24, 24, 28] as const;
const paints: Readonly<Record<SceneObject["colour"], readonly [number, number, number]>> = {
  red: [220, 40, 40],
  green: [40, 180, 70],
  blue: [50, 90, 230],
  yellow: [240, 220, 50],
  purple: [160, 60, 200],
  orange: [245, 140, 30],
};
/** Half of an object's side, as a share of its cell's. */
const halves: Readonly<Record<SceneObject["size"], number>> = { small: 0.28, large: 0.46 };

/** Digits of 3 × 5 pixels, a row of three bits after the other. */
const glyphs = [
  "111101101101111",
  "010110010010111",
  "111001111100111",
  "111001111001111",
  "101101111001001",
  "111100111001111",
  "111100111101111",
  "111001001001001",
  "111101111101111",
  "111101111001111",
] as const;
const glyph = { width: 3, height: 5 } as const;

/** Draws a scene into `pixels`, uint8 [side, side, 3]. A digit has 3 × 5 pixels, whatever the side. */
export function drawPixels(scene: Scene, pixels: Uint8Array, side: number): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = ground[i % 3] as number;
  for (const object of scene) {
    const canvas = { pixels, side };
    const [x, y] = centreOf(object, side);
    drawShape(canvas, object, [x, y]);
    if (object.digit !== undefined) drawDigit(canvas, object.digit, [x, y]);
  }
}

interface Canvas {
  pixels: Uint8Array;
  side: number;
}
type Point = readonly [x: number, y: number];

function centreOf({ cell }: SceneObject, side: number): Point {
  return [(((cell % 3) + 0.5) * side) / 3, ((Math.floor(cell / 3) + 0.5) * side) / 3];
}

/** Whether a point of the square −1 … 1 is within a shape. */
const isWithin: Readonly<Record<SceneObject["shape"], (x: number, y: number) => boolean>> = {
  circle: (x, y) => x * x + y * y <= 1,
  square: (x, y) => Math.abs(x) <= 0.9 && Math.abs(y) <= 0.9,
  triangle: (x, y) => y >= -0.95 && y <= 0.95 && Math.abs(x) <= (y + 0.95) / 1.9,
  cross: (x, y) => Math.min(Math.abs(x), Math.abs(y)) <= 0.34 && Math.max(Math.abs(x), Math.abs(y)) <= 1,
};

/** Where in a pixel it is asked whether it belongs to a shape. */
const samples = [0.25, 0.75];

function drawShape({ pixels, side }: Canvas, { shape, colour, size }: SceneObject, [x, y]: Point): void {
  const half = (halves[size] * side) / 3;
  const within = isWithin[shape];
  const paint = paints[colour];
  const [top, bottom] = rangeOf(y, half, side);
  const [left, right] = rangeOf(x, half, side);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const share = coverage((dx, dy) => within((column + dx - x) / half, (row + dy - y) / half));
      if (share > 0) mix(pixels, 3 * (row * side + column), paint, share);
    }
  }
}

function rangeOf(middle: number, half: number, side: number): [number, number] {
  return [Math.max(0, Math.floor(middle - half)), Math.min(side, Math.ceil(middle + half))];
}

function coverage(isInside: (dx: number, dy: number) => boolean): number {
  let inside = 0;
  for (const dy of samples) {
    for (const dx of samples) if (isInside(dx, dy)) inside++;
  }
  return inside / samples.length ** 2;
}

function mix(pixels: Uint8Array, start: number, paint: readonly number[], share: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const before = pixels[start + channel] as number;
    pixels[start + channel] = Math.round(before + share * ((paint[channel] as number) - before));
  }
}

/** White, on a field of the ground's colour, so that every colour of shape leaves it as legible. */
function drawDigit({ pixels, side }: Canvas, digit: number, [x, y]: Point): void {
  const left = Math.round(x - glyph.width / 2);
  const top = Math.round(y - glyph.height / 2);
  for (let row = 0; row < glyph.height; row++) {
    for (let column = 0; column < glyph.width; column++) {
      const isSet = glyphs[digit]?.[row * glyph.width + column] === "1";
      mix(pixels, 3 * ((top + row) * side + left + column), isSet ? [255, 255, 255] : ground, 1);
    }
  }
}
