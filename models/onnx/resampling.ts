/** How a new grid reads an old one: the attributes of ONNX's Resize, defaults as there. */
export type Resampling = {
  mode?: "nearest" | "linear" | "cubic";
  coordinate_transformation_mode?:
    | "half_pixel"
    | "half_pixel_symmetric"
    | "pytorch_half_pixel"
    | "align_corners"
    | "asymmetric"
    | "tf_crop_and_resize";
  nearest_mode?: "round_prefer_floor" | "round_prefer_ceil" | "floor" | "ceil";
  cubic_coeff_a?: number;
  /** Widens the filter when shrinking, as PIL does (which excludes what lies outside, too). */
  antialias?: number;
  /** Gives no weight to what lies outside, instead of repeating the edge. */
  exclude_outside?: number;
};

/**
 * Interpolation along one axis as a matrix [to, from], row after row: resizing is linear, and this is its map. `scale`
 * is to / from, unless it was given.
 */
export function resamplingMatrix(from: number, to: number, scale: number, how: Resampling): number[] {
  const matrix = Array.from({ length: to * from }, () => 0);
  for (let row = 0; row < to; row++) {
    const taps = tapsAt(positionOf(row, from, to, scale, how), scale, from, how);
    for (const [place, weight] of taps)
      matrix[row * from + Math.min(from - 1, Math.max(0, place))] =
        (matrix[row * from + Math.min(from - 1, Math.max(0, place))] as number) + weight;
  }
  return matrix;
}

/** Where a new grid point lies on the old grid. */
function positionOf(
  row: number,
  from: number,
  to: number,
  scale: number,
  { coordinate_transformation_mode: mode = "half_pixel" }: Resampling,
): number {
  const half = (row + 0.5) / scale - 0.5;
  if (mode === "asymmetric") return row / scale;
  if (mode === "align_corners") return to > 1 ? (row * (from - 1)) / (to - 1) : 0;
  if (mode === "pytorch_half_pixel") return to > 1 ? half : 0;
  return mode === "half_pixel_symmetric" ? (from / 2) * (1 - to / (from * scale)) + half : half;
}

/** The old grid points that a position reads, which may lie outside, and their weights. */
function tapsAt(
  position: number,
  scale: number,
  from: number,
  {
    mode = "nearest",
    nearest_mode = "round_prefer_floor",
    cubic_coeff_a: a = -0.75,
    antialias,
    exclude_outside,
  }: Resampling,
): [at: number, weight: number][] {
  if (mode === "nearest") return [[nearest[nearest_mode](position), 1]];
  const stretch = antialias ? Math.max(1, 1 / scale) : 1;
  const radius = (mode === "linear" ? 1 : 2) * stretch;
  const kernel = mode === "linear" ? triangle : cubic(a);
  // Linear interpolation holds its position on the grid; cubic repeats the edge.
  const center = mode === "linear" && !antialias ? Math.min(from - 1, Math.max(0, position)) : position;
  const taps: [number, number][] = [];
  for (let place = Math.ceil(center - radius); place <= Math.floor(center + radius); place++)
    taps.push([place, kernel(Math.abs(place - center) / stretch)]);
  const inside = exclude_outside ? taps.filter(([place]) => place >= 0 && place < from) : taps;
  const sum = inside.reduce((total, [, weight]) => total + weight, 0);
  return inside.map(([place, weight]) => [place, weight / sum]);
}

const nearest: Record<NonNullable<Resampling["nearest_mode"]>, (x: number) => number> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};
const triangle = (x: number): number => Math.max(0, 1 - x);
/** Keys 1981; a is −0.75 in torch and ONNX, −0.5 in PIL. */
function cubic(a: number): (x: number) => number {
  return (x) => {
    if (x >= 2) return 0;
    return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : (((x - 5) * x + 8) * x - 4) * a;
  };
}
