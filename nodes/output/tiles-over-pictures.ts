import * as z from "zod";
import { defineNode } from "../core/node";
import { itemCount } from "../core/packed";
import { port } from "../core/ports";
import type { Box, PictureDrawing } from "../core/preview";
import { filesOf } from "../core/row-pictures";
import type { Tensor } from "../core/values";
import type { Tiles } from "../core/views/tiles";

interface Cut {
  by: "patches" | "windows" | "grid";
  patch: number;
  window: number;
  shift: number;
}

const windowsOnly = { by: ["windows"] };
const inPixels = { by: ["patches", "windows"] };

export const tilesOverPictures = defineNode({
  type: "output.tiles-over-pictures",
  title: "Tiles over pictures",
  description: "Draws over pictures how a model cuts them: patches, windows of patches, or a grid of tiles.",
  synonyms: ["AnyRes", "overlay"],
  docs: `Wire in the pictures as the model reads them, behind *Resize* or *Crop*.

- *patches* of so many pixels, as a vision transformer cuts.
- *windows* of patches, within which attention stays (Swin, Qwen2.5-VL); with a *shift* they are moved by so many
  patches, and those at the edges are cut (Liu et al. 2021).
- *grid*: rows and columns of tiles by picture, int64 [N, 2] at \`grid\`.

What lies beyond the last whole patch belongs to no tile: the text below says how much that is.`,
  version: 1,
  inputs: {
    image: port.image({ shape: ["N", "*", "*"] }),
    grid: port.tensor({ dtype: "int64", shape: ["N", 2], optional: true, doc: "Rows and columns of tiles." }),
  },
  outputs: { view: port.view() },
  params: {
    by: z.enum(["patches", "windows", "grid"]).default("patches").meta({ label: "Cut into" }),
    patch: z.int().min(1).max(1024).default(16).meta({ label: "Patch size", unit: "px", when: inPixels }),
    window: z.int().min(1).max(256).default(7).meta({ label: "Side of a window", unit: "patches", when: windowsOnly }),
    shift: z.int().min(0).max(255).default(0).meta({ unit: "patches", when: windowsOnly }),
    limit: z.int().min(1).max(200).default(24).meta({ label: "At most", unit: "pictures", advanced: true }),
  },
  check: ({ by, window, shift }) =>
    by === "windows" && shift >= window
      ? { param: "shift", message: `Windows of ${window} patches cannot be moved by ${shift}: that is a whole one.` }
      : undefined,
  draws: (params, size) => (params.by === "grid" ? undefined : cutDrawing(size, params)),
  reduce: {
    rows: ["image", "grid"],
    start({ host, params }) {
      const pictures: Tiles["pictures"] = [];
      let count = 0;
      return {
        async add({ image, grid }) {
          if (params.by === "grid" && !grid) throw missingGrid();
          const all = itemCount(image);
          const numbers = Array.from({ length: Math.min(all, params.limit - pictures.length) }, (_, i) => i);
          count += all;
          const files = await filesOf(host, image, numbers);
          const shown = await host.shownImages(numbers.map((number) => files.get(number)));
          for (const [number, stored] of shown.entries()) {
            if (!stored) continue;
            const size = stored.shows ?? stored;
            pictures.push({
              image: stored,
              drawing: grid ? gridDrawing(size, grid, number) : cutDrawing(size, params),
            });
          }
        },
        finish: () => ({ view: { kind: "tiles", pictures, count } }),
      };
    },
  },
});

function missingGrid(): Error {
  return Object.assign(new Error("A grid of tiles is asked for, and nothing is wired to “grid”."), {
    hint: "Wire rows and columns of each picture to it, int64 [N, 2], or set Cut into to patches or windows.",
  });
}

interface Size {
  width: number;
  height: number;
}

function cutDrawing(size: Size, cut: Cut): PictureDrawing {
  const { patch, window, shift } = cut;
  const isWindows = cut.by === "windows";
  const [rows, columns] = [Math.floor(size.height / patch), Math.floor(size.width / patch)];
  const across = isWindows ? edgesOf(columns, window, shift) : edgesOf(columns, 1, 0);
  const down = isWindows ? edgesOf(rows, window, shift) : edgesOf(rows, 1, 0);
  const tiles = boxesBetween(down, across, patch);
  const patches = `${columns} × ${rows} patches of ${patch} px`;
  const windows = isWindows ? `${across.length - 1} × ${down.length - 1} windows in ` : "";
  return drawingOf(size, tiles, `${windows}${patches}${leftOver(size, columns * patch, rows * patch)}.`);
}

/** Where tiles of so many begin and end along a side, the first cut short by the shift. */
function edgesOf(length: number, step: number, shift: number): number[] {
  if (length <= 0) return [0];
  const edges = [0];
  for (let at = shift || step; at < length; at += step) edges.push(at);
  return [...edges, length];
}

function boxesBetween(down: readonly number[], across: readonly number[], unit: number): Box[] {
  return down.slice(1).flatMap((bottom, row) =>
    across.slice(1).map((right, column): Box => {
      const [top, left] = [down[row] ?? 0, across[column] ?? 0];
      return { left: left * unit, top: top * unit, width: (right - left) * unit, height: (bottom - top) * unit };
    }),
  );
}

function gridDrawing(size: Size, grid: Tensor, number: number): PictureDrawing {
  const [rows, columns] = [Number(grid.data[2 * number]), Number(grid.data[2 * number + 1])];
  if (!(rows > 0 && columns > 0 && rows * columns <= 65_536)) {
    throw Object.assign(
      new Error(`Row ${number} of “grid” is ${rows} × ${columns}, which no picture can be cut into.`),
      {
        hint: "Rows and columns are whole numbers from 1, and together no more than 65,536 tiles.",
      },
    );
  }
  const [height, width] = [size.height / rows, size.width / columns];
  const tiles = Array.from({ length: rows * columns }, (_, i): Box => {
    return { left: (i % columns) * width, top: Math.floor(i / columns) * height, width, height };
  });
  return drawingOf(size, tiles, `${columns} × ${rows} tiles of ${round(width)} × ${round(height)} px.`);
}

function drawingOf({ width, height }: Size, tiles: Box[], text: string): PictureDrawing {
  return { width, height, picture: { left: 0, top: 0, width, height }, tiles, text };
}

function leftOver({ width, height }: Size, usedWidth: number, usedHeight: number): string {
  const [right, below] = [width - usedWidth, height - usedHeight];
  return right || below ? `; ${right} px at the right and ${below} px below belong to none` : "";
}

const round = (length: number): string => String(Math.round(10 * length) / 10);
