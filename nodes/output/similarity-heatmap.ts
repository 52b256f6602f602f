import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

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
  async run({ inputs: { values, rows, columns, image }, params }) {
    const [n = 0, m = 0] = values.shape;
    const r = Math.min(n, params.limit);
    const c = Math.min(m, params.limit);
    const data = new Float32Array(r * c);
    for (let i = 0; i < r; i++) data.set((values.data as Float32Array).subarray(i * m, i * m + c), i * c);
    const files = image && "files" in image ? image.files.slice(0, r) : undefined;
    const names = (list: string[] | undefined, count: number) =>
      Array.from({ length: count }, (_, i) => list?.[i] ?? String(i));
    return {
      matrix: {
        values: { dtype: "float32", shape: [r, c], data },
        rows: names(rows ?? files?.map((f) => f.name ?? ""), r),
        columns: names(columns, c),
        rowImages: files,
      },
    };
  },
});
