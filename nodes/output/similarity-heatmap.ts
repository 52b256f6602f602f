import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { ImageFile } from "../core/values";

export const similarityHeatmap = defineNode({
  type: "output.similarity-heatmap",
  title: "Similarity heatmap",
  description: "Shows how each row fits each column, as colours.",
  docs: "`values` float32 [N, M]. Shows the first rows and columns.",
  version: 1,
  inputs: {
    values: port.tensor({ dtype: "float32", shape: ["N", "M"] }),
    rows: port.text({ shape: ["*"], optional: true }),
    columns: port.text({ shape: ["*"], optional: true }),
    image: port.image({ shape: ["N", "*", "*"], optional: true, doc: "Pictures of the rows." }),
  },
  outputs: { matrix: port.matrix() },
  params: { limit: z.int().min(1).max(256).default(24).meta({ label: "At most", unit: "rows and columns" }) },
  reduce: {
    rows: ["values", "image"],
    start({ inputs: { rows, columns }, params }) {
      const kept: number[][] = [];
      const files: ImageFile[] = [];
      let hasFiles = false;
      return {
        add({ values, image }) {
          const [count = 0, width = 0] = values.shape;
          const taken = Math.min(count, params.limit - kept.length);
          const shown = Math.min(width, params.limit);
          for (let row = 0; row < taken; row++) {
            kept.push([...(values.data as Float32Array).subarray(row * width, row * width + shown)]);
          }
          if (!image || !("files" in image)) return;
          hasFiles = true;
          files.push(...image.files.slice(0, taken));
        },
        finish() {
          const width = kept[0]?.length ?? 0;
          const data = Float32Array.from(kept.flat());
          return {
            matrix: {
              values: { dtype: "float32", shape: [kept.length, width], data },
              rows: named(rows ?? (hasFiles ? files.map((file) => file.name ?? "") : undefined), kept.length),
              columns: named(columns, width),
              rowImages: hasFiles ? files : undefined,
            },
          };
        },
      };
    },
  },
});

function named(names: readonly string[] | undefined, count: number): string[] {
  return Array.from({ length: count }, (_, i) => names?.[i] ?? String(i));
}
