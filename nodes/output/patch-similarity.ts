import { gridOf, HeatPictures, heatParams, type Maps } from "../core/heat-maps";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";

export const patchSimilarity = defineNode({
  type: "output.patch-similarity",
  title: "Similarity of patches",
  description: "Shows over pictures which patches are like texts, or like the patch that is pointed at.",
  synonyms: ["similarity map", "dense features", "heatmap"],
  docs: `Cosines of \`tokens\` float32 [B, T, D], the last of which are the patches in rows from the top.

- With \`query\` float32 [M, D], such as embeddings of texts in the same space: a map for each of them; \`names\` says
  what they are.
- Without: each token against all patches of its picture. Pointing at a patch shows what is like it (as DINO's
  features are looked at; Caron et al. 2021).

Wire in the pictures as the model reads them, behind *Resize*.`,
  version: 1,
  inputs: {
    image: port.image({ shape: ["B", "*", "*"] }),
    tokens: port.tensor({ dtype: "float32", shape: ["B", "T", "D"] }),
    query: port.tensor({ dtype: "float32", shape: ["M", "D"], optional: true }),
    names: port.text({ shape: ["M"], optional: true }),
  },
  outputs: { view: port.view() },
  params: heatParams,
  reduce: {
    rows: ["image", "tokens"],
    start({ host, inputs: { query, names }, params: { before, rows, limit, maps } }) {
      const shown = new HeatPictures(host, limit);
      const asked = query && unitRows(query, 0, Math.min(maps, query.shape[0] ?? 0));
      const askedCount = asked ? Math.min(maps, query?.shape[0] ?? 0) : 0;
      let grid: [number, number] = [1, 1];
      return {
        async add({ image, tokens }) {
          const [, count = 0, width = 0] = tokens.shape;
          const patches = count - before;
          grid = gridOf(patches, rows);
          await shown.add(image, (row): Maps => {
            const own = unitRows(tokens, row * count, count);
            const ofPatches = own.subarray(before * width);
            if (!asked) return { numbers: products(own, ofPatches, width), count: 1, lines: count, patches };
            return { numbers: products(asked, ofPatches, width), count: askedCount, lines: 1, patches };
          });
        },
        finish() {
          const { pictures, count } = shown;
          const called = Array.from({ length: askedCount }, (_, i) => names?.[i] ?? `query ${i}`);
          return {
            view: {
              kind: "patch-heat",
              grid,
              names: asked ? called : ["like the patch"],
              isFromTokens: !asked,
              before: asked ? 0 : before,
              pictures,
              count,
            },
          };
        },
      };
    },
  },
});

/** Rows of a matrix at length one; one of zeros stays. The last axis is a row. */
function unitRows({ data, shape }: Tensor, first: number, count: number): Float32Array {
  const width = shape.at(-1) ?? 0;
  const rows = (data as Float32Array).slice(first * width, (first + count) * width);
  for (let start = 0; start < rows.length; start += width) {
    const row = rows.subarray(start, start + width);
    const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)) || 1;
    for (const [i, x] of row.entries()) row[i] = x / length;
  }
  return rows;
}

/** The inner product of each row of one matrix with each of another. */
function products(left: Float32Array, right: Float32Array, width: number): Float32Array {
  const [rows, columns] = [left.length / width, right.length / width];
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += (left[row * width + k] ?? 0) * (right[column * width + k] ?? 0);
      result[row * columns + column] = sum;
    }
  }
  return result;
}
