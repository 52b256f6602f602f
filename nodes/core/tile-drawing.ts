/** Tiles over a picture, before anything runs: which grid is chosen, what is padding, how many tokens there are. */
import { planAnyRes, type Size } from "#models/pictures/anyres";
import { packingOf, type TilingRule } from "#models/pictures/tiling";
import type { Box, PictureDrawing } from "./preview";
import { counted } from "./wording";

/** A picture that is alone in its row, or a frame of a video. */
export function drawingOf(size: Size, rule: TilingRule): PictureDrawing {
  if (rule.isVideo || rule.mode === "flat") return stretched(size, rule);
  return rule.mode === "pad" ? squared(size, rule) : cut(size, rule);
}

function cut(size: Size, rule: TilingRule): PictureDrawing {
  const { resolution, resized, left, top, grid, tiles, pooled, tokens } = planAnyRes(size, rule);
  const [rows, columns] = grid;
  const boxes = Array.from({ length: rows * columns }, (_, i): Box => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return { left: column * rule.tile, top: row * rule.tile, width: rule.tile, height: rule.tile };
  });
  const grids = `${columns} × ${rows} ${columns * rows === 1 ? "tile" : "tiles"} of ${rule.tile} and the whole picture`;
  const shrunk = pooled ? `, shrunk to ${pooled[1]} × ${pooled[0]} features` : "";
  return {
    ...resolution,
    picture: { left, top, ...resized },
    tiles: boxes,
    text: `${grids}${shrunk}: ${counted(tiles, "tile", "tiles")}, ${tokens.toLocaleString("en")} tokens.`,
  };
}

/** One tile of all of it. */
function squared(size: Size, rule: TilingRule): PictureDrawing {
  const side = Math.max(size.width, size.height);
  const left = Math.floor((side - size.width) / 2);
  const top = Math.floor((side - size.height) / 2);
  return {
    width: side,
    height: side,
    picture: { left, top, ...size },
    tiles: [{ left: 0, top: 0, width: side, height: side }],
    text: `One tile, a square with padding: ${tokensOf(size, rule)} tokens.`,
  };
}

function stretched(size: Size, rule: TilingRule): PictureDrawing {
  const tile = { left: 0, top: 0, width: rule.tile, height: rule.tile };
  const perFrame = Math.ceil(rule.side / 2) ** 2;
  const text = rule.isVideo
    ? `One tile a frame: ${perFrame.toLocaleString("en")} tokens, and the newlines.`
    : `One tile, stretched: ${tokensOf(size, rule)} tokens.`;
  return { width: rule.tile, height: rule.tile, picture: tile, tiles: [tile], text };
}

const tokensOf = (size: Size, rule: TilingRule): string => packingOf([size], rule).packing.tokens.toLocaleString("en");
