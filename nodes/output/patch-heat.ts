import { gridOf, HeatPictures, heatParams, type Maps } from "../core/heat-maps";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";

export const patchHeat = defineNode({
  type: "output.patch-heat",
  title: "Heat over patches",
  description: "Lays attention, or any numbers of patches, over the pictures as heat.",
  synonyms: ["attention map", "heatmap", "saliency", "overlay"],
  docs: `\`values\` are float32, of one of these shapes, N patches of a picture in rows from the top:

- [B, N]: a map for each picture.
- [B, M, N]: M maps, such as heads or texts; \`names\` says what they are.
- [B, heads, T, T]: attention of T tokens, of which the last N are the patches. Pointing at a patch shows where it
  looks; before anything is pointed at, where the first token does, or the mean of all where all are patches. The mean
  of the heads comes first.

Wire in the pictures as the model reads them, behind *Resize*: a map covers the whole of its picture.`,
  version: 1,
  inputs: {
    image: port.image({ shape: ["B", "*", "*"] }),
    values: port.tensor({ dtype: "float32", doc: "[B, N], [B, M, N] or [B, heads, T, T]." }),
    names: port.text({ shape: ["*"], optional: true, doc: "What the M maps or heads are called." }),
  },
  outputs: { view: port.view() },
  params: heatParams,
  reduce: {
    rows: ["image", "values"],
    start({ host, inputs: { names }, params }) {
      const shown = new HeatPictures(host, params.limit);
      let form: Form | undefined;
      return {
        async add({ image, values }) {
          const here = formOf(values.shape, params);
          form = here;
          await shown.add(image, (row) => mapsIn(values, row, here));
        },
        finish() {
          const { isAttention = false, shownMaps = 0, patches = 0 } = form ?? {};
          const { pictures, count } = shown;
          const kind = isAttention ? "head" : "map";
          const ownNames = Array.from({ length: shownMaps }, (_, i) => names?.[i] ?? `${kind} ${i}`);
          return {
            view: {
              kind: "patch-heat",
              grid: form ? gridOf(patches, params.rows) : [1, 1],
              names: isAttention ? ["mean of the heads", ...ownNames] : ownNames,
              isFromTokens: isAttention,
              before: isAttention ? params.before : 0,
              pictures,
              count,
            },
          };
        },
      };
    },
  },
});

/** How a tensor holds maps. */
interface Form {
  isAttention: boolean;
  maps: number;
  shownMaps: number;
  /** Lines of a map, numbers of a line, and how many of them come before the patches. */
  lines: number;
  width: number;
  before: number;
  patches: number;
}

function formOf(shape: readonly number[], params: { before: number; rows: number; maps: number }): Form {
  const { before, rows } = params;
  const isAttention = shape.length === 4;
  const width = shape.at(-1) ?? 0;
  const maps = shape.length === 2 ? 1 : (shape[1] ?? 0);
  if (shape.length < 2 || shape.length > 4 || (isAttention && shape[2] !== width)) {
    throw Object.assign(new Error(`values came as [${shape.join(", ")}], which is no map of patches.`), {
      hint: "It takes [B, N], [B, M, N], or attention [B, heads, T, T].",
    });
  }
  const patches = width - before;
  gridOf(patches, rows); // says what is wrong
  const lines = isAttention ? width : 1;
  return { isAttention, maps, shownMaps: Math.min(maps, params.maps), lines, width, before, patches };
}

/**
 * The maps of a picture without the columns of tokens that are no patches; of attention the mean of the heads first.
 */
function mapsIn({ data }: Tensor, row: number, form: Form): Maps {
  const { isAttention, maps, shownMaps, lines, width, before, patches } = form;
  const size = lines * patches;
  const first = isAttention ? 1 : 0;
  const numbers = new Float32Array((first + shownMaps) * size);
  const all = data as Float32Array;
  for (let map = 0; map < maps; map++) {
    for (let line = 0; line < lines; line++) {
      const start = ((row * maps + map) * lines + line) * width + before;
      const part = all.subarray(start, start + patches);
      if (map < shownMaps) numbers.set(part, (first + map) * size + line * patches);
      if (!isAttention) continue;
      for (const [i, number] of part.entries())
        numbers[line * patches + i] = (numbers[line * patches + i] ?? 0) + number / maps;
    }
  }
  return { numbers, count: first + shownMaps, lines, patches };
}
