/**
 * AnyRes (LLaVA-NeXT, LLaVA-OneVision): in which of several resolutions a picture is cut into tiles, and how many
 * tokens are left when its padding is cut off their features. Whole numbers, equal to the official code's.
 */
export interface Size {
  width: number;
  height: number;
}

/** Rows and columns of a map of features. */
export type MapSize = readonly [rows: number, columns: number];

export interface AnyResRule {
  /** The sides of a square tile: in pixels, and in features. */
  tile: number;
  side: number;
  resolutions: readonly Size[];
  /** `max_N`: what gives more features than N tiles (and a tenth) is shrunk to as many. */
  most?: number;
  /** Transformers rounds to seven places before it cuts off what is behind the point; the official code does not. */
  rounding?: "official" | "transformers";
}

/** What becomes of a picture. */
export interface AnyResPlan {
  resolution: Size;
  /** The picture inside of it, and where its first pixel lies. */
  resized: Size;
  left: number;
  top: number;
  grid: MapSize;
  /** How many tiles there are: those of the grid, and before them the picture as a whole. */
  tiles: number;
  /** The features of the grid. */
  map: MapSize;
  /** The rows and columns that are not padding, the end excluded. One of them may be empty. */
  rows: readonly [start: number, end: number];
  columns: readonly [start: number, end: number];
  /** √ of how many times the features are as many as `most` allows. */
  ratio?: number;
  /** The size that they are shrunk to. */
  pooled?: MapSize;
  /** The whole picture's features, and the grid's with one for the end of each row. */
  tokens: number;
}

/** From what ratio on features are shrunk. */
const tolerated = 1.1;

export function planAnyRes(size: Size, rule: AnyResRule): AnyResPlan {
  const { tile, side, most } = rule;
  const resolution = bestResolution(size, rule.resolutions);
  const resized = fittedInto(size, resolution);
  const grid = [Math.floor(resolution.height / tile), Math.floor(resolution.width / tile)] as const;
  const map = [grid[0] * side, grid[1] * side] as const;
  const { rows, columns } = withoutPadding(size, map, rule.rounding);
  const kept = [rows[1] - rows[0], columns[1] - columns[0]] as const;
  const ratio = most === undefined ? undefined : Math.sqrt((kept[0] * kept[1]) / (most * side * side));
  const pooled =
    ratio !== undefined && ratio > tolerated
      ? ([wholeTimes(kept[0], ratio), wholeTimes(kept[1], ratio)] as const)
      : undefined;
  const [height, width] = pooled ?? kept;
  return {
    resolution,
    resized,
    left: Math.floor((resolution.width - resized.width) / 2),
    top: Math.floor((resolution.height - resized.height) / 2),
    grid,
    tiles: 1 + grid[0] * grid[1],
    map,
    rows,
    columns,
    ratio,
    pooled,
    tokens: side * side + height * (width + 1),
  };
}

/**
 * The resolution that keeps most of a picture's pixels, and of those the one that wastes least; the first of equals.
 */
export function bestResolution({ width, height }: Size, resolutions: readonly Size[]): Size {
  let best = resolutions[0];
  if (!best) throw new Error("there is no resolution to choose from");
  let mostKept = 0;
  let leastWasted = Number.POSITIVE_INFINITY;
  for (const one of resolutions) {
    const scale = Math.min(one.width / width, one.height / height);
    const kept = Math.min(Math.trunc(width * scale) * Math.trunc(height * scale), width * height);
    const wasted = one.width * one.height - kept;
    if (kept < mostKept || (kept === mostKept && wasted >= leastWasted)) continue;
    best = one;
    mostKept = kept;
    leastWasted = wasted;
  }
  return best;
}

/** The largest size of the picture's shape that fits: one side is filled, the other rounded up. */
export function fittedInto({ width, height }: Size, into: Size): Size {
  const across = into.width / width;
  const down = into.height / height;
  if (across < down) return { width: into.width, height: Math.min(Math.ceil(height * across), into.height) };
  return { width: Math.min(Math.ceil(width * down), into.width), height: into.height };
}

/** The rows and columns of a map that show the picture, the same number cut off at both ends. */
function withoutPadding(
  { width, height }: Size,
  [rows, columns]: MapSize,
  rounding: AnyResRule["rounding"] = "official",
): Pick<AnyResPlan, "rows" | "columns"> {
  const whole = (length: number) => Math.trunc(rounding === "official" ? length : Number(length.toFixed(7)));
  const middle = (total: number, length: number) => {
    const cut = Math.floor((total - length) / 2);
    return [cut, total - cut] as const;
  };
  if (width / height > columns / rows)
    return { rows: middle(rows, whole(height * (columns / width))), columns: [0, columns] };
  return { rows: [0, rows], columns: middle(columns, whole(width * (rows / height))) };
}

/** Python's a // b of numbers that are not whole. */
const wholeTimes = (a: number, b: number): number => Math.round((a - (a % b)) / b);

/**
 * Resolutions as configurations of the official code write them: "(1x1),…,(6x6)" for all grids of tiles between two,
 * columns outermost, or "(336, 672), (672, 336)" for width and height in pixels.
 */
export function resolutionsFrom(text: string, tile: number): Size[] {
  const pairsOf = (pattern: RegExp) => [...text.matchAll(pattern)].map((m) => [Number(m[1]), Number(m[2])] as const);
  const pixels = pairsOf(/[([]\s*(\d{1,5})\s*,\s*(\d{1,5})\s*[)\]]/g);
  const grids = pairsOf(/\(\s*(\d{1,3})\s*x\s*(\d{1,3})\s*\)/g);
  const found = grids.length ? gridsBetween(grids, tile) : pixels.map(([width, height]) => ({ width, height }));
  if (!found.length)
    throw new Error(`“${text.slice(0, 60)}” names no grids such as (1x1),…,(6x6), and no sizes such as (336, 672)`);
  const odd = found.find(({ width, height }) => width < tile || height < tile || width % tile || height % tile);
  if (odd) throw new Error(`${odd.width} × ${odd.height} are no whole tiles of ${tile}`);
  return found;
}

function gridsBetween(grids: readonly (readonly [number, number])[], tile: number): Size[] {
  const [first, last] = [grids[0], grids.at(-1)] as [readonly [number, number], readonly [number, number]];
  const found: Size[] = [];
  for (let columns = first[0]; columns <= last[0]; columns++) {
    for (let rows = first[1]; rows <= last[1]; rows++) found.push({ width: columns * tile, height: rows * tile });
  }
  return found;
}
