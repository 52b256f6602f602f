/**
 * How features of tiles become the tokens of a sequence, as an index: each token is Σ weight · feature[index] of up to
 * four features. What is laid out so is moved by one Gather, exact and differentiable.
 */
import type { AnyResPlan, MapSize } from "./anyres";

export interface Packing {
  tokens: number;
  /** [tokens, 4]: features are counted tile after tile, row by row; −1 is the learned end of a row. */
  index: Int32Array;
  /** [tokens, 4]; 1, 0, 0, 0 where a token is a feature. */
  weights: Float32Array;
  /** How many tiles it is of. */
  tiles: number;
  /** Whether every token is one feature. */
  isPlain: boolean;
}

/** Where the frames of a video end: each row of each frame, each frame, the video as a whole, or nowhere. */
export type VideoEnd = "grid" | "frame" | "one_token" | "no_token";

/** A single tile, all of its features in order; `end` puts the learned end behind it. */
export function tilePacking(features: number, { end = false }: { end?: boolean } = {}): Packing {
  const writer = new Writer();
  for (let i = 0; i < features; i++) writer.feature(i);
  if (end) writer.feature(newline);
  return writer.packing(1);
}

/** The picture as a whole, then the rows of its grid without padding, shrunk where the plan says, each with its end. */
export function anyResPacking(plan: AnyResPlan, side: number): Packing {
  const writer = new Writer();
  for (let i = 0; i < side * side; i++) writer.feature(i);
  const grid = tiledMap(side, plan.grid, side * side);
  const { rows, columns } = plan;
  const size = [rows[1] - rows[0], columns[1] - columns[0]] as const;
  const kept: FeatureMap = { size, at: (row, column) => grid.at(row + rows[0], column + columns[0]) };
  if (plan.pooled) writer.shrunk(kept, plan.pooled, true);
  else writer.map(kept, true);
  return writer.packing(plan.tiles);
}

/** Frames of side² features, each shrunk to half the side, rounded up. */
export function videoPacking(frames: number, side: number, end: VideoEnd = "one_token"): Packing {
  const writer = new Writer();
  const half = Math.ceil(side / 2);
  for (let frame = 0; frame < frames; frame++) {
    writer.shrunk(tiledMap(side, [1, 1], frame * side * side), [half, half], end === "grid");
    if (end === "frame") writer.feature(newline);
  }
  if (end === "one_token") writer.feature(newline);
  return writer.packing(frames);
}

/** Several packings one behind the other, whose tiles of so many features lie so too. */
export function joinedPackings(packings: readonly Packing[], features: number): Packing {
  const tokens = packings.reduce((sum, one) => sum + one.tokens, 0);
  const index = new Int32Array(tokens * 4);
  const weights = new Float32Array(tokens * 4);
  let [start, tiles] = [0, 0];
  for (const one of packings) {
    const first = tiles * features;
    index.set(
      one.index.map((place) => (place === newline ? newline : first + place)),
      start,
    );
    weights.set(one.weights, start);
    start += one.index.length;
    tiles += one.tiles;
  }
  return { tokens, index, weights, tiles, isPlain: packings.every(({ isPlain }) => isPlain) };
}

/** In an index: the learned end of a row. */
export const newline = -1;

/** In an index: nothing, behind the last token of a row that is shorter than others. */
export const noFeature = -2;

interface FeatureMap {
  size: MapSize;
  at(row: number, column: number): number;
}

/** Tiles side by side as one map, of which the first feature is `first`. */
function tiledMap(side: number, [tileRows, tileColumns]: MapSize, first: number): FeatureMap {
  const tileAt = (row: number, column: number) => Math.floor(row / side) * tileColumns + Math.floor(column / side);
  return {
    size: [tileRows * side, tileColumns * side],
    at: (row, column) => first + tileAt(row, column) * side * side + (row % side) * side + (column % side),
  };
}

/** Of one axis: the two places that a new one lies between, and how far it is from the first. */
interface Between {
  low: number;
  high: number;
  share: number;
}

/** Bilinear, corners not aligned, without antialiasing, as torch.nn.functional.interpolate. */
function placesBetween(from: number, to: number): Between[] {
  return Array.from({ length: to }, (_, i) => {
    const place = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const low = Math.floor(place);
    return { low, high: Math.min(low + 1, from - 1), share: place - low };
  });
}

class Writer {
  readonly #index: number[] = [];
  readonly #weights: number[] = [];
  #isPlain = true;

  feature(place: number): void {
    this.#index.push(place, place, place, place);
    this.#weights.push(1, 0, 0, 0);
  }

  map({ size: [rows, columns], at }: FeatureMap, hasEnds: boolean): void {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) this.feature(at(row, column));
      if (hasEnds) this.feature(newline);
    }
  }

  shrunk({ size, at }: FeatureMap, to: MapSize, hasEnds: boolean): void {
    const across = placesBetween(size[1], to[1]);
    for (const row of placesBetween(size[0], to[0])) {
      for (const column of across) {
        this.#index.push(at(row.low, column.low), at(row.low, column.high));
        this.#index.push(at(row.high, column.low), at(row.high, column.high));
        this.#weights.push((1 - row.share) * (1 - column.share), (1 - row.share) * column.share);
        this.#weights.push(row.share * (1 - column.share), row.share * column.share);
      }
      if (hasEnds) this.feature(newline);
    }
    this.#isPlain = false;
  }

  packing(tiles: number): Packing {
    const [index, weights] = [Int32Array.from(this.#index), Float32Array.from(this.#weights)];
    return { tokens: index.length / 4, index, weights, tiles, isPlain: this.#isPlain };
  }
}
