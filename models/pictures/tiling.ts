/**
 * What becomes of the pictures of a row: which views of each are cut into tiles, and which tokens their features make.
 * LLaVA's modes: one tile (`flat`), a square with padding (`pad`), AnyRes with or without a limit, and videos.
 */
import { type AnyResRule, fittedInto, type MapSize, planAnyRes, type Size } from "./anyres";
import { anyResPacking, joinedPackings, type Packing, tilePacking, type VideoEnd, videoPacking } from "./packing";

export interface TilingRule extends AnyResRule {
  /** Of a picture that is alone in its row; `anyres` is limited where the rule has a `most`. */
  mode: "anyres" | "pad" | "flat";
  /** Of several in a row: each padded to a square, as the official code does, or each as if it were alone. */
  several: "pad" | "as one";
  /** Whether the pictures of a row are the frames of a video, and where it ends. */
  isVideo: boolean;
  videoEnd: VideoEnd;
}

/** A picture at some size, centred in a grid of tiles, with black around it. */
export interface View {
  resized: Size;
  left: number;
  top: number;
  grid: MapSize;
  /** Whether it is laid on a square of the mean colour before it is scaled. */
  isSquared: boolean;
}

/** The views of a picture that is one of `among` in its row. */
export function viewsOf(size: Size, among: number, rule: TilingRule): View[] {
  const mode = modeOf(among, rule);
  const whole = wholeView(rule.tile, mode === "pad");
  if (mode !== "anyres") return [whole];
  const { resized, left, top, grid } = planAnyRes(size, rule);
  return [whole, { resized, left, top, grid, isSquared: false }];
}

/** The tokens of a row with pictures of some sizes, and how many of them stand for each picture, or for the video. */
export function packingOf(sizes: readonly Size[], rule: TilingRule): { packing: Packing; tokens: number[] } {
  const { side, isVideo, videoEnd } = rule;
  if (isVideo && sizes.length) {
    const packing = videoPacking(sizes.length, side, videoEnd);
    return { packing, tokens: [packing.tokens] };
  }
  const packings = sizes.map((size) => pictureTokens(size, modeOf(sizes.length, rule), rule));
  return { packing: joinedPackings(packings, side ** 2), tokens: packings.map(({ tokens }) => tokens) };
}

function pictureTokens(size: Size, mode: TilingRule["mode"], rule: TilingRule): Packing {
  if (mode !== "anyres") return tilePacking(rule.side ** 2, { end: mode === "pad" });
  return anyResPacking(planAnyRes(size, rule), rule.side);
}

function modeOf(among: number, { mode, several, isVideo }: TilingRule): TilingRule["mode"] {
  if (isVideo) return "flat";
  return among === 1 || several === "as one" || mode === "flat" ? mode : "pad";
}

/** All of a picture as one tile, whatever its shape. */
const wholeView = (tile: number, isSquared: boolean): View => ({
  resized: { width: tile, height: tile },
  left: 0,
  top: 0,
  grid: [1, 1],
  isSquared,
});

/** The size that is needed of a picture that can be drawn at any. */
export function neededSize(size: Size, rule: TilingRule): Size {
  if (rule.mode === "anyres" && !rule.isVideo) return planAnyRes(size, rule).resized;
  return fittedInto(size, { width: rule.tile, height: rule.tile });
}
