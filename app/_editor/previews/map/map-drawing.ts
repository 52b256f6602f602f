/** Points of a plane on a canvas: where they lie, which one is near, and how they are painted. */
import type { EmbeddingMap } from "#nodes/core/views/embedding-map";
import { themed } from "../../../_ui/theme";

/** Where the plane lies on the canvas: screen = origin + scale · place. */
export interface Look {
  left: number;
  top: number;
  scale: number;
}

/** Of more labels than these colours would not tell them apart. */
export const mostColours = 12;
const edge = 14;

export const colourOfLabel = (label: number): string => `oklch(0.66 0.17 ${(label * 137.5 + 30) % 360})`;

/** All points in view, in true proportions. */
export function startOf({ x, y }: EmbeddingMap, width: number, height: number): Look {
  const [left, right] = rangeOf(x);
  const [bottom, top] = rangeOf(y);
  const scale = Math.min((width - 2 * edge) / (right - left || 1), (height - 2 * edge) / (top - bottom || 1));
  return {
    scale,
    left: width / 2 - (scale * (left + right)) / 2,
    top: height / 2 + (scale * (bottom + top)) / 2,
  };
}

function rangeOf(numbers: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const number of numbers) {
    low = Math.min(low, number);
    high = Math.max(high, number);
  }
  return low <= high ? [low, high] : [0, 1];
}

export const toScreen = ({ left, top, scale }: Look, x: number, y: number): [number, number] => [
  left + scale * x,
  top - scale * y,
];

/** Nearer by a factor, around a place of the canvas that stays where it is. */
export function zoomed({ left, top, scale }: Look, x: number, y: number, factor: number): Look {
  return { scale: scale * factor, left: x + (left - x) * factor, top: y + (top - y) * factor };
}

/** The point next to a place of the canvas, if it is near. */
export function nearest(map: EmbeddingMap, look: Look, x: number, y: number): number | undefined {
  let [found, least]: [number | undefined, number] = [undefined, 12 ** 2];
  for (const [i, place] of map.x.entries()) {
    const [across, down] = toScreen(look, place, map.y[i] ?? 0);
    const distance = (across - x) ** 2 + (down - y) ** 2;
    if (distance < least) [found, least] = [i, distance];
  }
  return found;
}

export interface Drawn {
  map: EmbeddingMap;
  look: Look;
  width: number;
  height: number;
  atlas: HTMLImageElement | undefined;
  isPictured: boolean;
  pointed: number | undefined;
}

export function drawMap(canvas: HTMLCanvasElement, drawn: Drawn): void {
  const { map, look, width, height, atlas, isPictured, pointed } = drawn;
  const dense = window.devicePixelRatio || 1;
  Object.assign(canvas, { width: Math.round(width * dense), height: Math.round(height * dense) });
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(dense, 0, 0, dense, 0, 0);
  context.clearRect(0, 0, width, height);
  const isColoured = (map.names?.length ?? Number.POSITIVE_INFINITY) <= mostColours;
  const plain = themed("--accent");
  const radius = map.x.length > 500 ? 2.5 : 3.5;
  for (const [i, x] of map.x.entries()) {
    const [across, down] = toScreen(look, x, map.y[i] ?? 0);
    if (across < -32 || down < -32 || across > width + 32 || down > height + 32) continue;
    if (isPictured && atlas && map.pictures) {
      drawPicture(context, atlas, map.pictures, i, across, down);
      continue;
    }
    context.fillStyle = isColoured ? colourOfLabel(map.labels?.[i] ?? 0) : plain;
    context.globalAlpha = 0.8;
    dot(context, across, down, radius);
  }
  context.globalAlpha = 1;
  if (pointed === undefined) return;
  const [across, down] = toScreen(look, map.x[pointed] ?? 0, map.y[pointed] ?? 0);
  context.strokeStyle = themed("--ink");
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(across, down, radius + 3, 0, 2 * Math.PI);
  context.stroke();
}

function dot(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function drawPicture(
  context: CanvasRenderingContext2D,
  atlas: HTMLImageElement,
  { side, columns }: NonNullable<EmbeddingMap["pictures"]>,
  point: number,
  x: number,
  y: number,
): void {
  const [left, top] = [(point % columns) * side, Math.floor(point / columns) * side];
  context.drawImage(atlas, left, top, side, side, x - side / 2, y - side / 2, side, side);
}
