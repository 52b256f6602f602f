/**
 * The layout of large graphs, in linear time: layers by the longest way from a source, each layer cut into columns,
 * columns set side by side in bands like words in lines, so that a long chain and a wide fan both fill a screen.
 */
import type { Point, Size } from "#nodes/graph/document";
import { gaps } from "./snapping";

export type SizeOf = (item: string) => Size;
/** What is laid out: items by their names, and wires between them. */
export interface Level {
  items: readonly string[];
  wires: readonly { from: string; to: string }[];
}

/** Width over height of the whole. */
const aspect = 1.6;
const gapBetweenBands = 120;

interface Column {
  ids: string[];
  width: number;
  height: number;
}

/** The upper left corner of each item. */
export function inLayers(level: Level, sizeOf: SizeOf): Record<string, Point> {
  const area = level.items.reduce((sum, id) => {
    const { width, height } = sizeOf(id);
    return sum + (width + gaps.x) * (height + gaps.y);
  }, 0);
  const most = { width: Math.sqrt(area * aspect), height: Math.sqrt(area / aspect) };
  const columns = layersOf(level).flatMap((layer) => columnsOf(layer, sizeOf, most.height));
  return placesOf(columns, sizeOf, most.width);
}

/** Items by the number of wires on the longest way to them. In a layer one lies as high as what it reads first. */
function layersOf({ items, wires }: Level): string[][] {
  const readers = new Map<string, string[]>(items.map((id) => [id, []]));
  const missing = new Map<string, number>(items.map((id) => [id, 0]));
  for (const { from, to } of wires) {
    readers.get(from)?.push(to);
    missing.set(to, (missing.get(to) ?? 0) + 1);
  }
  const layers: string[][] = [];
  let layer = items.filter((id) => missing.get(id) === 0);
  while (layer.length) {
    layers.push(layer);
    const next: string[] = [];
    for (const reader of layer.flatMap((id) => readers.get(id) ?? [])) {
      const left = (missing.get(reader) ?? 0) - 1;
      missing.set(reader, left);
      if (left === 0) next.push(reader);
    }
    layer = next;
  }
  // Items on a cycle, and behind one, wait for ever.
  const stuck = items.filter((id) => (missing.get(id) ?? 0) > 0);
  return stuck.length ? [...layers, stuck] : layers;
}

function columnsOf(layer: readonly string[], sizeOf: SizeOf, mostHeight: number): Column[] {
  const columns: Column[] = [];
  for (const id of layer) {
    const { width, height } = sizeOf(id);
    const column = columns.at(-1);
    if (!column || column.height + gaps.y + height > mostHeight) {
      columns.push({ ids: [id], width, height });
      continue;
    }
    column.ids.push(id);
    column.width = Math.max(column.width, width);
    column.height += gaps.y + height;
  }
  return columns;
}

function placesOf(columns: readonly Column[], sizeOf: SizeOf, mostWidth: number): Record<string, Point> {
  const places: Record<string, Point> = {};
  const band = { x: 0, y: 0, height: 0 };
  for (const { ids, width, height } of columns) {
    if (band.x > 0 && band.x + width > mostWidth) {
      band.y += band.height + gapBetweenBands;
      band.x = 0;
      band.height = 0;
    }
    let y = band.y;
    for (const id of ids) {
      places[id] = { x: band.x, y };
      y += sizeOf(id).height + gaps.y;
    }
    band.x += width + gaps.x;
    band.height = Math.max(band.height, height);
  }
  return places;
}
